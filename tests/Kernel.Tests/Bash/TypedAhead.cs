using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.Kernel.Tests.Bash;

/// <summary>Lines that are typed before the first prompt of a shell whose file nobody has run before, and while that file gets its probe.</summary>
internal static class TypedAhead
{
    private const int Files = 5;
    private const int Lines = 300;

    public static void ShouldBeToldOnceEach(CommandRecorder recorder)
    {
        for (var i = 0; i < Files; i++)
        {
            using var copy = new CopyOfBash();
            using var bash = Terminal.Bash(copy.Path);
            var typed = Enumerable.Range(1, Lines).Select(n => $": {n}").Append("exit").ToArray();

            Array.ForEach(typed, bash.Type);

            bash.AwaitEnd();
            recorder.ShouldHave(bash.Pid, typed);
        }
    }
}
