using EbpfActors.Kernel.Tests.Refusals;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes;
using EbpfActors.Probes.Bash;
using EbpfActors.Probes.Hooks;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Bash;

/// <summary>What is left when the user or the kernel refuses rungs: whatever is documented as lost, and nothing else.</summary>
public sealed class BashRefusalTests
{
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(1);
    private static readonly Version Kernel = Environment.OSVersion.Version;
    private static readonly bool HasLinksOfPerfEvents = Kernel >= new Version(5, 15);
    private static readonly bool HasLinksToManyPlaces = Kernel >= new Version(6, 6);

    /// <summary>Each hook with its first, its first two ... all of its rungs refused.</summary>
    public static TheoryData<string, int> Refusals =>
        [.. BashHooks.All.SelectMany(h => Enumerable.Range(1, h.Rungs.Length).Select(n => (h.Name, n)))];

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_hook_whose_best_rungs_are_left_out_costs_what_is_documented_and_no_command_more(string name, int refused)
    {
        var hook = BashHooks.All.First(h => h.Name == name);
        var without = new WithoutHooks(hook.Rungs.Take(refused).Select(r => WithoutHooks.Qualified(hook, r)));
        using var shells = new Shells();
        using var recorder = new CommandRecorder(new BashProbeOptions { ScanEvery = Often, Without = without });

        var left = hook.Rungs.Skip(refused).FirstOrDefault();
        var row = Row(recorder, hook);
        (row.Rung, row.Problem).ShouldBe(left is null ? ("", hook.Without) : (left.Kernel, left.Cost));
        row.Refused.ShouldBe([.. hook.Rungs.Take(refused).Select(r => new HookRefusal(r.Name, WithoutHooks.Reason))]);
        shells.Use(recorder, seesAny: left is not null || hook != BashHooks.Lines, seesOlder: left is not null || hook != BashHooks.Shells);
    }

    [Theory]
    [InlineData("bash-lines", 3, BashLadders.OnLine)]
    [InlineData("bash-exec", 1, BashLadders.OnExec)]
    [InlineData("bash-exec", 2, BashLadders.OnExec, BashLadders.OnExecRaw)]
    [InlineData("bash-first-lines", 1, BashLadders.OnBreak)]
    [InlineData("bash-shells", 1, BashLadders.Scan)]
    public void A_program_that_the_kernel_refuses_moves_its_own_hook_and_no_other(string name, int refused, params string[] programs)
    {
        using var shells = new Shells();
        using var recorder = new CommandRecorder(new BashProbeOptions { ScanEvery = Often }, open: () => SpoiledProgram.Open("bash", programs));

        var hook = BashHooks.All.First(h => h.Name == name);
        var row = Row(recorder, hook);
        row.Rung.ShouldBe(hook.Rungs.Skip(refused).FirstOrDefault()?.Kernel ?? "");
        row.Refused.Count.ShouldBe(refused);
        row.Refused.ShouldAllBe(r => r.Reason.Contains("errno 22", StringComparison.Ordinal));
        if (hook != BashHooks.Lines)
        {
            BashHooks.All.Where(h => h != hook).ShouldAllBe(h => Row(recorder, h).Problem.Length == 0);
        }

        shells.Use(recorder, seesAny: hook != BashHooks.Lines);
    }

    [Fact]
    public void A_kernel_that_takes_no_program_but_that_of_the_lines_gives_all_lines()
    {
        using var shells = new Shells();
        using var recorder = new CommandRecorder(
            new BashProbeOptions { ScanEvery = Often },
            open: () => SpoiledProgram.Open("bash", BashLadders.OnExec, BashLadders.OnExecRaw, BashLadders.OnBreak, BashLadders.Scan));

        shells.Use(recorder);
    }

    [Fact]
    public void A_host_without_bpf_links_has_probes_without_them()
    {
        using var shells = new Shells();
        using var recorder = new CommandRecorder(
            new BashProbeOptions { ScanEvery = Often }, before: () => RefusedCalls.Bpf(RefusedCalls.LinkCreate, RefusedCalls.RawTracepointOpen));

        shells.Use(recorder);
        Row(recorder, BashHooks.Lines).Rung.ShouldBe(BashHooks.Lines[HasLinksOfPerfEvents ? "perf_event" : "uprobe"].Kernel);
        Row(recorder, BashHooks.Exec).Rung.ShouldBe(BashHooks.Exec["proc_connector"].Kernel);
        Row(recorder, BashHooks.Shells).Rung.ShouldBe(BashHooks.Shells["proc"].Kernel);
        Row(recorder, BashHooks.FirstLines).Problem.ShouldBe(HasLinksOfPerfEvents ? BashHooks.FirstLines.Without : "");
        BashHooks.All.SelectMany(h => Row(recorder, h).Refused).ShouldAllBe(r => r.Reason.Contains("errno 1)", StringComparison.Ordinal));
    }

    [Fact]
    public void A_host_that_allows_no_bpf_map_says_what_is_lost_and_is_served_once_it_does()
    {
        const int MapCreate = 0, ProgramLoad = 5;
        using var probe = new BashProbe(new BashProbeOptions());
        IReadOnlyList<HookStatus> hooks = [];
        string? better = "";
        var thread = new Thread(() =>
        {
            RefusedCalls.Bpf(MapCreate, ProgramLoad);
            hooks = probe.Attach();
            better = probe.CouldDoBetter();
            probe.Wait(TimeSpan.Zero);
        });
        thread.Start();
        thread.Join();

        hooks.Select(h => (h.Hook, h.Rung, h.Problem)).ShouldBe(
            BashHooks.All.Select(hook => (hook.Name, "", hook.Without)));
        better.ShouldBeNull();
        probe.CouldDoBetter().ShouldBe("the kernel allows BPF now"); // this thread may
    }

    [Fact]
    public void A_host_without_perf_events_loses_the_breakpoints_and_the_lines_only_where_they_need_them()
    {
        using var shells = new Shells();
        using var recorder = new CommandRecorder(new BashProbeOptions { ScanEvery = Often }, before: RefusedCalls.PerfEvents);

        shells.Use(recorder, seesAny: HasLinksToManyPlaces);
        Row(recorder, BashHooks.FirstLines).Problem.ShouldBe(BashHooks.FirstLines.Without);
        Row(recorder, BashHooks.Lines).Problem.ShouldBe(HasLinksToManyPlaces ? "" : BashHooks.Lines.Without);
    }

    [Fact]
    public void A_host_that_tells_nothing_of_execs_finds_new_files_by_the_scan()
    {
        using var shells = new Shells();
        using var recorder = new CommandRecorder(
            new BashProbeOptions { ScanEvery = Often, Without = new WithoutHooks(["bash-exec:tp_btf", "bash-exec:raw_tp"]) }, before: RefusedCalls.Netlink);

        shells.Use(recorder);
        Row(recorder, BashHooks.Exec).Rung.ShouldBe(BashHooks.Exec["scan"].Kernel);
        Row(recorder, BashHooks.Exec).Problem.ShouldBe(BashHooks.Exec["scan"].Cost);
    }

    [Theory]
    [InlineData("bash-exec:tp_btf", "bash-exec:raw_tp", "bash-shells:iter")]
    [InlineData("bash-exec", "bash-shells:iter", "bash-lines:uprobe_multi")]
    [InlineData("bash-exec", "bash-first-lines", "bash-shells:iter", "bash-lines:uprobe_multi", "bash-lines:uprobe")]
    public void A_shell_of_a_probed_file_that_is_gone_before_anybody_looks_is_told(params string[] without)
    {
        using var copy = new CopyOfBash();
        using var resident = Terminal.Bash(copy.Path).AwaitPrompt();
        using var recorder = new CommandRecorder(
            new BashProbeOptions { ScanEvery = TimeSpan.FromHours(1), Without = new WithoutHooks(without) }, isBusy: true);
        using var bash = Terminal.Bash(copy.Path);

        bash.AwaitPrompt().Type("exit 3");

        bash.AwaitEnd();
        recorder.Read();
        recorder.ShouldHave(bash.Pid, "exit 3");
    }

    [Theory]
    [InlineData("bash-lines:uprobe_multi", "bash-lines:uprobe")]
    [InlineData("bash-exec:tp_btf", "bash-exec:raw_tp", "bash-shells:iter")]
    public void One_file_in_two_overlays_is_told_once_by_each_of_its_shells_then_too(params string[] without)
    {
        using var recorder = new CommandRecorder(new BashProbeOptions { Without = new WithoutHooks(without) });

        OverlaidBash.ShouldBeToldOnceByEachShell(recorder);
    }

    [Theory]
    [InlineData("bash-exec:tp_btf")]
    [InlineData("bash-exec:tp_btf", "bash-exec:raw_tp")]
    [InlineData("bash-exec:tp_btf", "bash-exec:raw_tp", "bash-shells:iter", "bash-lines:uprobe_multi", "bash-lines:uprobe")]
    public void Lines_typed_ahead_of_a_new_files_first_prompt_and_while_it_gets_its_probe_are_told_once_each_then_too(params string[] without)
    {
        using var recorder = new CommandRecorder(new BashProbeOptions { ScanEvery = Often, Without = new WithoutHooks(without) });
        using (var shells = new Shells())
        {
            shells.Use(recorder); // the runtime compiles here what the agent brings compiled
        }

        TypedAhead.ShouldBeToldOnceEach(recorder);
    }

    [Fact]
    public void A_bash_with_readline_as_a_library_is_seen_by_proc_alone_and_other_users_of_that_library_are_not()
    {
        using var copy = new CopyOfBash("/usr/bin/bc"); // another program with the library, under the name by which bash goes
        File.Copy("/usr/lib/x86_64-linux-gnu/libreadline.so.8", copy.Folder + "/libreadline.so.8");
        using var named = new Terminal($"env LD_LIBRARY_PATH={copy.Folder} {copy.Path} -q");
        using var other = new Terminal($"env LD_LIBRARY_PATH={copy.Folder} /usr/bin/bc -q");
        using var recorder = new CommandRecorder(
            new BashProbeOptions { ScanEvery = Often, Without = new WithoutHooks(["bash-exec:tp_btf", "bash-exec:raw_tp", "bash-shells:iter"]) });
        using var late = new Terminal($"env LD_LIBRARY_PATH={copy.Folder} {copy.Path} -q");
        recorder.Until(() => recorder.Hooks.Any(h => h.Hook.Contains(copy.Folder, StringComparison.Ordinal)));

        foreach (var terminal in new[] { other, named, late })
        {
            terminal.Type("1234*2");
            recorder.Until(() => terminal.Shown.Contains("2468", StringComparison.Ordinal));
        }

        recorder.ShouldHave(named.Pid, "1234*2");
        recorder.ShouldHave(late.Pid, "1234*2");
        recorder.Of(other.Pid).ShouldBeEmpty();
    }

    [Fact]
    public void A_gone_shell_of_this_host_has_its_users_name_by_proc_too()
    {
        using var resident = Terminal.Bash().AwaitPrompt();
        using var recorder = new CommandRecorder(
            new BashProbeOptions { ScanEvery = TimeSpan.FromHours(1), Without = new WithoutHooks(["bash-exec", "bash-shells:iter"]) }, isBusy: true);
        using var bash = Terminal.Bash();

        bash.AwaitPrompt().Type("exit");

        bash.AwaitEnd();
        recorder.Read();
        recorder.Until(() => recorder.Of(bash.Pid).Count > 0);
        recorder.Of(bash.Pid).ShouldHaveSingleItem().User.ShouldBe("root");
    }

    private static HookStatus Row(CommandRecorder recorder, Hook hook) => recorder.Hooks.Where(h => h.Hook == hook.Name).ShouldHaveSingleItem();

    /// <summary>One shell older than the probe, one of a file that is new, one of a file that has its probe: each with a file that nobody else runs.</summary>
    private sealed class Shells : IDisposable
    {
        private readonly CopyOfBash _olderFile = new();
        private readonly CopyOfBash _newFile = new();
        private readonly Terminal _older;

        public Shells() => _older = Terminal.Bash(_olderFile.Path).AwaitPrompt();

        public void Use(CommandRecorder recorder, bool seesAny = true, bool seesOlder = true)
        {
            using var newer = Terminal.Bash(_newFile.Path).AwaitPrompt();
            recorder.Until(() => !seesAny || recorder.Hooks.Any(h => h.Hook.Contains(_newFile.Path, StringComparison.Ordinal)));
            using var another = Terminal.Bash(_newFile.Path);

            another.AwaitPrompt().Type("exit 4");
            _older.Run("echo older");
            _older.Run("echo older still");
            newer.Run("echo newer");
            newer.Type("exit 3");

            newer.AwaitEnd();
            another.AwaitEnd();
            recorder.ShouldHave(newer.Pid, seesAny ? ["echo newer", "exit 3"] : []);
            recorder.ShouldHave(another.Pid, seesAny ? ["exit 4"] : []);
            recorder.ShouldHave(_older.Pid, seesAny && seesOlder ? ["echo older", "echo older still"] : []);
        }

        public void Dispose()
        {
            _older.Dispose();
            _olderFile.Dispose();
            _newFile.Dispose();
        }
    }
}
