using EbpfActors.Probes.Bash;
using EbpfActors.Probes.Processes;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Bash;

public sealed class ShellProgramTests
{
    [Fact]
    public void Bash_is_known_by_what_it_holds_and_other_programs_by_what_they_do_not()
    {
        Classify("/bin/bash", "/opt/some-name").ShouldBe(ShellKind.WithReadline);
        Classify("/bin/sh", "/bin/sh").ShouldBe(Path.GetFileName(new FileInfo("/bin/sh").ResolveLinkTarget(true)?.FullName) == "bash"
            ? ShellKind.WithReadline
            : ShellKind.Other);
        Classify("/bin/ls", "/bin/ls").ShouldBe(ShellKind.Other);
        Classify("/bin/ls", "/tmp/bash").ShouldBe(ShellKind.Unreadable);
        Classify("/etc/passwd", "/tmp/bash").ShouldBe(ShellKind.Other);
    }

    [Fact]
    public void The_line_is_taken_where_readline_returns()
    {
        using var file = OpenedFile.TryOpen("/bin/bash", out _);

        var site = ReadlineSite.Find(file!).ShouldNotBeNull();

        site.IsEntry.ShouldBeFalse();
        var code = File.ReadAllBytes("/bin/bash");
        site.Offsets.ShouldAllBe(offset => code[offset] == 0xc3);
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
        using var opened = OpenedFile.TryOpen(file, out _);
        return ShellProgram.Classify(opened!, path).Kind;
    }
}
