using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Bash;

/// <summary>Lines that are typed before the first prompt of a shell whose file nobody has run before, and while that file gets its probe.</summary>
internal static class TypedAhead
{
    private const int Files = 5;
    private const int Lines = 300;

    /// <summary>
    /// From the first line on that is told of a shell, all are, once each. A file's first lines may be read before anything of it is known
    /// where the machine has no time for the agent, which is a limit that the README tells: not in each of the files.
    /// </summary>
    public static void ShouldBeToldOnceEach(CommandRecorder recorder)
    {
        var whole = 0;
        for (var i = 0; i < Files; i++)
        {
            using var copy = new CopyOfBash();
            using var bash = Terminal.Bash(copy.Path);
            var typed = Enumerable.Range(1, Lines).Select(n => $": {n}").Append("exit").ToArray();

            Array.ForEach(typed, bash.Type);

            bash.AwaitEnd();
            recorder.Until(() => recorder.Of(bash.Pid) is [.., { Text: "exit" }]);
            var told = recorder.Of(bash.Pid).Select(c => c.Text).ToArray();
            told.ShouldBe(typed[^told.Length..]);
            whole += told.Length == typed.Length ? 1 : 0;
        }

        whole.ShouldBeGreaterThan(0);
    }
}
