using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.Kernel.Tests.Bash;

/// <summary>One file of bash that two overlays show: two paths, two mounts, one code.</summary>
internal static class OverlaidBash
{
    /// <summary>Each of the two runs a shell, and each of the shells' lines is told once.</summary>
    public static void ShouldBeToldOnceByEachShell(CommandRecorder recorder)
    {
        using var image = new CopyOfBash();
        using OverlayMount one = new(image.Folder), two = new(image.Folder);
        using Terminal first = Terminal.Bash($"{one.Path}/bash"), second = Terminal.Bash($"{two.Path}/bash");

        // This is not about how soon: attaching to the one makes the other wait.
        recorder.Until(() => recorder.Hooks.Count(h => h.Hook.EndsWith("/merged/bash", StringComparison.Ordinal)) == 2);

        foreach (var bash in new[] { first, second })
        {
            bash.Run("echo once");
            bash.Run("echo twice");
        }

        recorder.ShouldHave(first.Pid, "echo once", "echo twice");
        recorder.ShouldHave(second.Pid, "echo once", "echo twice");
    }
}
