using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Bash;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Bash;

/// <summary>More copies of bash than there are places for.</summary>
public sealed class ManyFilesTests
{
    private const int Copies = 12;
    private const int Places = 4;

    [Fact]
    public void Further_files_are_left_out_and_counted_and_letting_go_of_all_blinds_nobody()
    {
        using var folder = new TemporaryFolder("many");
        using var recorder = new CommandRecorder(new BashProbeOptions { ScanEvery = TimeSpan.FromSeconds(1), MaxFiles = Places });
        var shells = Enumerable.Range(0, Copies).Select(i => Start($"{folder.Path}/bash{i}")).ToList();
        try
        {
            recorder.Until(() => recorder.Counters.Losses.Any(l => l.Reason == "bash-files-full"));
            recorder.Hooks.Count(h => h.Rung == "uprobe at the return").ShouldBeLessThanOrEqualTo(Places);
        }
        finally
        {
            shells.ForEach(shell => shell.Dispose());
        }

        // Two scans later there is room again.
        recorder.Until(() => recorder.Hooks.All(h => !h.Hook.Contains(folder.Path, StringComparison.Ordinal)));
        using var copy = new CopyOfBash();
        using var bash = Terminal.Bash(copy.Path);
        bash.AwaitPrompt().Type("exit 7");

        bash.AwaitEnd();
        recorder.ShouldHave(bash.Pid, "exit 7");
    }

    private static TestSupport.RunningProgram Start(string path)
    {
        File.Copy("/bin/bash", path);
        return new TestSupport.RunningProgram(path, "-c \"read -r line\"");
    }
}
