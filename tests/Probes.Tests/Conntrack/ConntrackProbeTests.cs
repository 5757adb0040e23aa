using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Net;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Conntrack;

/// <summary>Which rung serves, and when another one does; with rungs of the test and time that it moves.</summary>
public sealed class ConntrackProbeTests : IDisposable
{
    private static readonly TrackingPresence Nothing = new(IsThere: false, HasNetlink: false, HasTypes: false);
    private static readonly TrackingPresence WithoutTypes = new(IsThere: true, HasNetlink: true, HasTypes: false);
    private static readonly TrackingPresence WithTypes = WithoutTypes with { HasTypes = true };

    private readonly FakeTimeProvider _time = new();
    private readonly Dictionary<string, string> _refusals = [];
    private readonly List<FakeRung> _made = [];
    private TrackingPresence _presence = WithTypes;
    private int _looks;
    private ConntrackProbe? _probe;

    [Fact]
    public void The_best_rung_serves()
    {
        Attach().ShouldBe(("fentry on __nf_conntrack_hash_insert, nf_ct_delete, detail", "", ""));

        _made.Select(r => r.Name).ShouldBe(["fentry"]);
    }

    [Fact]
    public void A_refused_rung_makes_room_for_the_next_which_says_what_it_costs()
    {
        _refusals["fentry"] = _refusals["kprobe"] = "not permitted";

        var (rung, problem, waits) = Attach();

        (rung, problem, waits).ShouldBe(("netlink in each network namespace, detail", ConntrackHooks.Events["netlink"].Cost, ""));
        Events().Refused.Select(r => r.Rung).ShouldBe(["fentry", "kprobe"]);
        Events().Refused.ShouldAllBe(r => r.Reason.StartsWith("not permitted"));
        _made.Where(r => r.IsDisposed).Select(r => r.Name).ShouldBe(["fentry", "kprobe"]);
    }

    [Fact]
    public void What_the_user_leaves_out_is_not_tried()
    {
        Attach("nat-events:fentry", "nat-events:kprobe").Rung.ShouldStartWith("netlink");
        _made.Select(r => r.Name).ShouldBe(["netlink"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_any_rung_that_the_user_wants_nothing_is_tried_now_or_later(bool isThere)
    {
        _presence = isThere ? WithTypes : Nothing;

        Attach("nat-events").ShouldBe(("", ConntrackHooks.Events.Without, ""));
        Passes(TimeSpan.FromHours(1)).ShouldBeFalse();

        _made.ShouldBeEmpty();
        _probe!.Hooks.SelectMany(h => h.Refused).ShouldAllBe(r => r.Reason == WithoutHooks.Reason);
    }

    [Fact]
    public void Where_nothing_is_tracked_it_waits_and_asks_nobody()
    {
        _presence = Nothing;

        Attach().ShouldBe(("", "", "connection tracking (nf_conntrack), which nothing on this host has loaded"));
        for (var minute = 0; minute < 30; minute++)
        {
            Passes(TimeSpan.FromMinutes(1)).ShouldBeFalse();
        }

        _made.ShouldBeEmpty();
        _looks.ShouldBe(31);
        _probe!.Hooks.ShouldAllBe(h => h.WaitsFor.Length > 0 && h.Problem.Length == 0);
        _probe.Counters().Records.ShouldBe(0);
    }

    [Fact]
    public void When_tracking_comes_the_best_rung_serves_within_ten_seconds_and_is_told_once()
    {
        _presence = Nothing;
        Attach();
        _presence = WithTypes;

        Passes(TimeSpan.FromSeconds(4.9)).ShouldBeFalse();
        Passes(TimeSpan.FromSeconds(0.1)).ShouldBeTrue();

        Events().Rung.ShouldStartWith("fentry");
        Passes(TimeSpan.FromSeconds(5)).ShouldBeFalse();
        _made.Count.ShouldBe(1);
    }

    [Fact]
    public void When_types_come_a_better_rung_takes_over_and_counts_go_on()
    {
        _presence = WithoutTypes;
        _refusals["fentry"] = _refusals["kprobe"] = "no types";
        Attach();
        var netlink = _made[^1];
        (netlink.News, netlink.Overruns) = (7, 1);
        _presence = WithTypes;
        _refusals.Clear();

        Passes(TimeSpan.FromSeconds(5)).ShouldBeTrue();

        Events().Refused.ShouldBeEmpty();
        Events().Problem.ShouldBeEmpty();
        Events().Rung.ShouldStartWith("fentry");
        netlink.IsDisposed.ShouldBeTrue();
        _made[^1].AttachedWhileUsed.ShouldBe([netlink]);
        _made[^1].News = 2;
        _probe!.Counters().Records.ShouldBe(9);
        _probe.Counters().Losses.ShouldBe([new ProbeLoss("nat-events-overrun", 1, 0)]);
    }

    [Fact]
    public void A_rung_that_stays_the_best_goes_on_when_something_changes()
    {
        _presence = WithTypes with { HasNetlink = false };
        Attach();
        _presence = WithTypes;

        Passes(TimeSpan.FromSeconds(5)).ShouldBeFalse();

        _made.ShouldHaveSingleItem().IsDisposed.ShouldBeFalse();
    }

    [Fact]
    public void When_the_module_is_unloaded_it_waits_again_and_knows_no_connection_any_more()
    {
        Attach();
        var flow = new FlowIdentity(IpAddress.Parse("10.0.0.1"), IpAddress.Parse("10.0.0.2"), 1, 2, Transport.Tcp, Direction.Outgoing, 1, 3, "test");
        _made[0].Table.Add(NatTuple.Of(flow), 3, new NatTarget(IpAddress.Parse("10.0.0.9"), 80));
        _probe!.Find(flow).IsKnown.ShouldBeTrue();
        _presence = Nothing;

        Passes(TimeSpan.FromSeconds(5)).ShouldBeTrue();

        Events().WaitsFor.ShouldNotBeEmpty();
        _made[0].IsDisposed.ShouldBeTrue();
        Passes(TimeSpan.FromMinutes(3)).ShouldBeFalse();
        _made[0].Table.End(default, 0); // any news drops what is due
        _probe.Find(flow).IsKnown.ShouldBeFalse();
        _presence = WithTypes;
        Passes(TimeSpan.FromSeconds(5)).ShouldBeTrue();
        _made.Count.ShouldBe(2);
    }

    [Fact]
    public void When_every_rung_is_refused_all_are_tried_again_after_a_minute_and_up_to_every_ten()
    {
        _refusals["fentry"] = _refusals["kprobe"] = _refusals["netlink"] = "out of memory";

        Attach().ShouldBe(("", ConntrackHooks.Events.Without, ""));
        _probe!.Hooks.Single(h => h.Hook == "nat-dump").Refused.ShouldBe([new HookRefusal("netlink", "there is no nat-events")]);
        foreach (var minutes in new[] { 1, 2, 4, 8, 10, 10 })
        {
            var before = _made.Count;
            Passes(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(5)).ShouldBeFalse();
            _made.Count.ShouldBe(before);
            Passes(TimeSpan.FromSeconds(5)).ShouldBeFalse();
            _made.Count.ShouldBe(before + 3);
        }

        _refusals.Remove("netlink");
        Passes(TimeSpan.FromMinutes(10)).ShouldBeTrue();
        Events().Rung.ShouldStartWith("netlink");
    }

    [Fact]
    public void A_wait_ends_when_it_is_woken_with_and_without_a_rung()
    {
        _presence = Nothing;
        Attach();
        _probe!.Wake();
        _probe.Wait();

        _presence = WithTypes;
        Passes(TimeSpan.FromSeconds(5));
        _probe.Wake();
        _probe.Wait();

        _made[0].Waits.ShouldBe(0);
        _probe.Wait();
        _made[0].Waits.ShouldBe(1);
    }

    [Fact]
    public void What_is_tracked_is_told_by_files_alone()
    {
        using var folder = new TemporaryFolder();
        var root = folder.Path;
        TrackingPresence Now() => TrackingPresence.Look(root + "/sys", root + "/proc");
        Now().ShouldBe(Nothing);

        Make(root, "sys/module/nf_conntrack_netlink/refcnt");
        Make(root, "sys/kernel/btf/nf_conntrack");
        Now().ShouldBe(new TrackingPresence(false, true, true));
        Make(root, "sys/module/nf_conntrack/refcnt");
        Now().ShouldBe(WithTypes);

        Directory.Delete(root + "/sys", recursive: true);
        Make(root, "proc/sys/net/netfilter/nf_conntrack_max");
        Now().ShouldBe(new TrackingPresence(true, false, false));
    }

    public void Dispose() => _probe?.Dispose();

    private (string Rung, string Problem, string WaitsFor) Attach(params string[] without)
    {
        var options = new ConntrackOptions { Without = new WithoutHooks(without) };
        _probe = new ConntrackProbe(options, (rung, table) => Make(rung.Name, table), Look, _time);
        var events = _probe.Attach().Single(h => h.Hook == "nat-events");
        return (events.Rung, events.Problem, events.WaitsFor);
    }

    private HookStatus Events() => _probe!.Hooks.Single(h => h.Hook == "nat-events");

    private bool Passes(TimeSpan time)
    {
        _time.Advance(time);
        return _probe!.Turn();
    }

    private TrackingPresence Look()
    {
        _looks++;
        return _presence;
    }

    private FakeRung Make(string name, NatTable table)
    {
        var rung = new FakeRung(name, table, _refusals.GetValueOrDefault(name), [.. _made.Where(r => !r.IsDisposed)]);
        _made.Add(rung);
        return rung;
    }

    private static void Make(string root, string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName($"{root}/{file}")!);
        File.WriteAllText($"{root}/{file}", "");
    }

    private sealed class FakeRung(string name, NatTable table, string? refusal, IReadOnlyList<FakeRung> used) : INatRung
    {
        public string Name => name;

        public NatTable Table => table;

        /// <summary>Rungs that served when this one was made.</summary>
        public IReadOnlyList<FakeRung> AttachedWhileUsed => used;

        public bool IsDisposed { get; private set; }

        public int Waits { get; private set; }

        public string Detail => "detail";

        public IReadOnlyList<HookStatus> Problems => [];

        public long News { get; set; }

        public long Overruns { get; set; }

        public void Attach()
        {
            if (refusal is not null)
            {
                throw new BpfException(refusal, Errno.Perm);
            }
        }

        public void Wait() => Waits++;

        public void Wake()
        {
        }

        public void Turn() => IsDisposed.ShouldBeFalse();

        public void CatchUp() => IsDisposed.ShouldBeFalse();

        public void Dispose() => IsDisposed = true;
    }
}
