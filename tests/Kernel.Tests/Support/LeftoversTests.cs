using System.Diagnostics;
using System.Globalization;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Support;

/// <summary>What a run of tests that was killed leaves on the host, and what the next one makes of it.</summary>
public sealed class LeftoversTests
{
    [Fact]
    public void What_a_dead_run_left_is_removed_and_what_a_living_one_has_stays()
    {
        var dead = DeadProcess();
        var names = new[] { dead, Environment.ProcessId }.Select(owner => $"ebpftest-{owner}-left").ToArray();
        string[] folders = [.. names.Select(n => Path.Combine(Path.GetTempPath(), n))];
        using RunningProgram theirs = Started(dead), ours = Started(Environment.ProcessId);
        foreach (var (name, folder) in names.Zip(folders))
        {
            Directory.CreateDirectory(folder);
            Shell.Run("mount", $"-t tmpfs tmpfs {folder}");
            File.WriteAllText(Path.Combine(folder, "file"), "");
            Shell.Run("ip", $"netns add {name}");
            Directory.CreateDirectory($"/etc/netns/{name}");
        }

        Leftovers.Sweep(OwnedName.IsGone);

        Eventually.Ends(theirs.Process);
        ours.Process.HasExited.ShouldBeFalse();
        folders.Select(f => Directory.Exists(f)).ShouldBe([false, true]);
        names.Select(n => File.Exists($"/run/netns/{n}")).ShouldBe([false, true]);
        names.Select(n => Directory.Exists($"/etc/netns/{n}")).ShouldBe([false, true]);
        File.Exists(Path.Combine(folders[1], "file")).ShouldBeTrue();

        Shell.Run("umount", folders[1]);
        Directory.Delete(folders[1]);
        Shell.Run("ip", $"netns del {names[1]}");
        Directory.Delete($"/etc/netns/{names[1]}");
    }

    [Fact]
    public void A_cgroup_of_a_dead_run_is_removed_with_those_inside()
    {
        Assert.SkipWhen(PrivateCgroup.Path is null, "needs cgroup2");
        var cgroup = Path.Combine(Path.GetDirectoryName(PrivateCgroup.Path)!, $"ebpftest-{DeadProcess()}-left");
        Directory.CreateDirectory(Path.Combine(cgroup, "inside"));

        Leftovers.Sweep(OwnedName.IsGone);

        Directory.Exists(cgroup).ShouldBeFalse();
        Directory.Exists(PrivateCgroup.Path).ShouldBeTrue();
    }

    [Theory]
    [InlineData("ebpftest-123-4", 123)]
    [InlineData("ebpftest-123-4-nginx", 123)]
    [InlineData("ebpftest-", null)]
    [InlineData("ebpftest-+1-2", null)]
    [InlineData("ebpftests-1-2", null)]
    [InlineData("nginx", null)]
    public void A_name_tells_its_owner(string name, int? owner) => OwnedName.OwnerOf(name).ShouldBe(owner);

    private static int DeadProcess()
    {
        using var process = Process.Start("true");
        Eventually.Ends(process);
        return process.Id;
    }

    /// <summary>A program that bears the mark of that run, as its children do.</summary>
    private static RunningProgram Started(int owner)
    {
        var start = new ProcessStartInfo("sleep", "1000");
        start.Environment["EBPF_ACTORS_TEST_RUN"] = owner.ToString(CultureInfo.InvariantCulture);
        return new RunningProgram(Process.Start(start)!);
    }
}
