using System.Diagnostics;
using EbpfActors.Kernel.Tests.Net;
using EbpfActors.Probes;
using EbpfActors.Probes.Hooks;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Refusals;

/// <summary>Each hook and each rung of ebpf-net is refused in turn: the probe starts, says what is lost, and loses that and nothing else.</summary>
public sealed class NetRefusalTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>Names that are refused; the rung that serves instead, or none; what is not told then.</summary>
    public static TheoryData<string[], string, Told> Refusals => new()
    {
        { [], "tcp-state:tp_btf", Told.None },
        { ["tcp-state:tp_btf"], "tcp-state:raw_tp", Told.None },
        { ["tcp-state:tp_btf", "tcp-state:raw_tp"], "tcp-state:sock_ops", Told.None },
        { ["tcp-state:tp_btf", "tcp-state:raw_tp", "tcp-state:sock_ops"], "tcp-state:sock_diag", Told.Http },
        { ["tcp-state"], "tcp-state", Told.NewConnection | Told.OldConnection | Told.OpenConnection | Told.Http },
        { ["sweep:syscall", "sweep:iter"], "sweep:raw_tp", Told.None },
        { ["sweep"], "sweep", Told.OpenConnection | Told.Udp },
        { ["adopt"], "adopt", Told.OldConnection },
        { ["packets:cgroup_skb_http"], "packets:cgroup_skb", Told.Http },
        { ["packets"], "packets", Told.Http | Told.Udp | Told.Dns },
        { ["udp-refused"], "udp-refused", Told.None },
        { ["tcp-accept"], "tcp-accept", Told.None },
        { ["udp-bind"], "udp-bind", Told.None },
        { ["socket-release"], "socket-release", Told.None },
        { ["tcp-accept", "udp-bind", "socket-release", "udp-refused", "adopt"], "adopt", Told.OldConnection },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_refused_hook_or_rung_loses_what_it_says_and_nothing_else(string[] refused, string serving, Told lost)
    {
        using var traffic = new NetTraffic();
        using var recorder = new FlowRecorder(traffic.Options with { Without = new WithoutHooks(refused) });

        traffic.Happen();

        ShouldTell(recorder, traffic, Told.All & ~lost, knowsProcess: serving != "tcp-state:sock_diag");
        ShouldSay(recorder.Hooks, serving, refused);
    }

    private static void ShouldTell(FlowRecorder recorder, NetTraffic traffic, Told expected, bool knowsProcess)
    {
        var clock = Stopwatch.StartNew();
        string wrong;
        Told seen;
        do
        {
            seen = traffic.Seen(recorder.Collect(), out wrong);
        }
        while ((seen != expected || wrong.Length > 0) && clock.Elapsed < Deadline);

        seen.ShouldBe(expected, wrong);
        wrong.ShouldBeEmpty();
        foreach (var delta in recorder.Where(traffic.IsMine))
        {
            delta.Flow.Direction.ShouldBe(traffic.DirectionOf(delta.Flow), delta.ToString());
            delta.Flow.Pid.ShouldBeOneOf(knowsProcess || delta.Closed == 0 ? [(uint)Environment.ProcessId] : [(uint)Environment.ProcessId, 0u]);
        }
    }

    private static void ShouldSay(IReadOnlyList<HookStatus> hooks, string serving, string[] refused)
    {
        var parts = serving.Split(':');
        var hook = HookCatalogue.All.Single(h => h.Name == parts[0]);
        var status = hooks.Single(h => h.Hook == hook.Name);
        if (parts.Length == 1)
        {
            status.Rung.ShouldBeEmpty();
            status.Problem.ShouldBe(hook.Without);
        }
        else
        {
            status.Rung.ShouldBe(hook[parts[1]].Kernel);
            status.Problem.ShouldBe(hook.Rungs[0].Name == parts[1] ? "" : hook[parts[1]].Cost);
        }

        status.Refused.Where(r => r.Reason == WithoutHooks.Reason).Select(r => $"{hook.Name}:{r.Rung}")
            .ShouldBe(refused.Where(r => r.StartsWith(hook.Name, StringComparison.Ordinal)).SelectMany(r => r == hook.Name ? hook.Rungs.Select(g => $"{r}:{g.Name}") : [r]));
    }
}
