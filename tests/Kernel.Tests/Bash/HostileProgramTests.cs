using System.Buffers.Binary;
using EbpfActors.Kernel.Tests.Traffic;
using Xunit;

namespace EbpfActors.Kernel.Tests.Bash;

/// <summary>Programs that are made to keep the agent busy. Nobody needs a right to run them.</summary>
public sealed class HostileProgramTests
{
    [Fact]
    public void A_program_of_thousands_of_huge_symbol_tables_is_left_alone_and_counted_and_costs_no_command_of_others()
    {
        using var recorder = new CommandRecorder();
        using var bash = Terminal.Bash();
        bash.Run(": before");
        using var copy = new CopyOfBash("/bin/sleep");
        BloatSections(copy.Path);

        using var hostile = new RunningProgram(copy.Path, "1000");
        var typed = Enumerable.Range(1, 39).Select(n => $": {n}").ToArray();
        Array.ForEach(typed, line => bash.Run(line));

        recorder.ShouldHave(bash.Pid, [": before", .. typed]);
        recorder.Until(() => recorder.Counters.LeftOut.Any(l => l is { Reason: "bash-file-over-budget", Records: 1 }));
        recorder.Until(() => recorder.Hooks.Any(h => h.Hook == $"readline in {copy.Path}" && h.Problem.EndsWith("takes more than one file may cost", StringComparison.Ordinal)));
    }

    /// <summary>Makes it 255 MiB that are almost all holes, with 4,000 sections that are each a symbol table of all of it.</summary>
    private static void BloatSections(string path)
    {
        const int Sections = 4000, HeaderBytes = 64, Length = 255 << 20;
        using var file = File.Open(path, FileMode.Open);
        var at = file.Length;
        var header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), 2); // SHT_SYMTAB
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(32), Length);
        file.Seek(at, SeekOrigin.Begin);
        for (var i = 0; i < Sections; i++)
        {
            file.Write(header);
        }

        file.SetLength(Length);
        Span<byte> field = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(field, (ulong)at);
        file.Seek(40, SeekOrigin.Begin); // e_shoff
        file.Write(field);
        BinaryPrimitives.WriteUInt16LittleEndian(field, Sections);
        field[2..4].Clear();
        file.Seek(60, SeekOrigin.Begin); // e_shnum, e_shstrndx
        file.Write(field[..4]);
    }
}
