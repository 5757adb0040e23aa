using EbpfActors.Probes.Bash;
using EbpfActors.Probes.Elf;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Elf;

public sealed class ElfFileTests
{
    private const string Bash = "/bin/bash";

    [Fact]
    public void A_function_of_bash_is_found_with_its_code()
    {
        using var file = File.OpenHandle(Bash);
        var elf = ElfFile.TryOpen(file).ShouldNotBeNull();

        var readline = elf.FindFunction("readline"u8).ShouldNotBeNull();

        elf.ReadCode(readline, 4096).Length.ShouldBe((int)readline.Size);
        elf.FindFunction("no_such_function"u8).ShouldBeNull();
        elf.Imports("malloc"u8).ShouldBeTrue();
        elf.Imports("readline"u8).ShouldBeFalse();
    }

    [Fact]
    public void Bash_is_known_by_what_it_holds_and_other_programs_by_what_they_do_not()
    {
        Classify(Bash, "/opt/some-name").ShouldBe(ShellKind.WithReadline);
        Classify("/bin/sh", "/bin/sh").ShouldBe(Path.GetFileName(new FileInfo("/bin/sh").ResolveLinkTarget(true)?.FullName) == "bash"
            ? ShellKind.WithReadline
            : ShellKind.Other);
        Classify("/bin/ls", "/bin/ls").ShouldBe(ShellKind.Other);
        Classify("/bin/ls", "/tmp/bash").ShouldBe(ShellKind.Unreadable);
        Classify("/etc/passwd", "/tmp/bash").ShouldBe(ShellKind.Other);
    }

    /// <summary>Whatever is broken in a file, it is a file without that function, in bounded memory.</summary>
    [Fact]
    public void A_broken_file_is_no_accident()
    {
        var whole = File.ReadAllBytes(Bash);
        var random = new Random(1);
        var path = Path.GetTempFileName();
        for (var round = 0; round < 300; round++)
        {
            var bytes = whole.AsSpan(0, round % 3 == 0 ? random.Next(whole.Length) : whole.Length).ToArray();
            var sections = (int)BitConverter.ToUInt64(whole, 40);
            foreach (var at in (int[])[random.Next(64), random.Next(64, 64 + (13 * 56)), sections + random.Next(29 * 64)])
            {
                if (at < bytes.Length)
                {
                    bytes[at] = (byte)random.Next(256);
                }
            }

            File.WriteAllBytes(path, bytes);
            using var file = File.OpenHandle(path);
            if (ElfFile.TryOpen(file) is { } elf && elf.FindFunction("readline"u8) is { } found)
            {
                ReturnSites.Find(elf.ReadCode(found, 16 * 1024));
            }
        }

        File.Delete(path);
    }

    [Theory]
    [InlineData("53 7402 5b c3 31c0 ebfa", new[] { 4 })] // push; je; pop; ret; xor; jmp back
    [InlineData("7401 c3 c3", new[] { 2, 3 })]
    [InlineData("f3c3", new[] { 0 })]
    [InlineData("c21000", new[] { 0 })]
    [InlineData("c3 e910000000", new int[0])] // a tail call goes on elsewhere
    [InlineData("c3 ffe0", new int[0])]
    [InlineData("c3 06", new int[0])]
    [InlineData("90 90", new int[0])]
    public void Returns_are_found_where_they_are_all_ways_out(string code, int[] expected) =>
        ReturnSites.Find(Convert.FromHexString(code.Replace(" ", "", StringComparison.Ordinal))).ShouldBe(expected);

    private static ShellKind Classify(string file, string path)
    {
        using var handle = File.OpenHandle(file);
        return ShellProgram.Classify(handle, path);
    }
}
