using EbpfActors.Kernel.Tests.Net;
using EbpfActors.Probes;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Hooks;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Refusals;

/// <summary>Each hook and each rung of ebpf-net is refused in turn: the probe starts, says what is lost, and loses that and nothing else.</summary>
public sealed class NetRefusalTests
{
    /// <summary>Names that are refused; the rung that serves instead, or none; what is not told then.</summary>
    public static TheoryData<string[], string, Told> Refusals => new()
    {
        { [], "tcp-state:tp_btf", Told.None },
        { ["tcp-state:tp_btf"], "tcp-state:raw_tp", Told.None },
        { ["tcp-state:tp_btf", "tcp-state:raw_tp"], "tcp-state:sock_ops", Told.None },
        { ["tcp-state:tp_btf", "tcp-state:raw_tp", "tcp-state:sock_ops"], "tcp-state:sock_diag", Told.Http },
        { ["tcp-state"], "tcp-state", Told.NewConnection | Told.OldConnection | Told.OpenConnection | Told.Http },
        { ["sweep:syscall", "sweep:iter"], "sweep:raw_tp", Told.None },
        { ["sweep:syscall", "sweep:iter", "sweep:raw_tp"], "sweep:sock_diag", Told.None },
        { ["sweep"], "sweep", Told.OpenConnection | Told.Udp },
        { ["adopt:iter"], "adopt:sock_diag", Told.None },
        { ["adopt"], "adopt", Told.OldConnection },
        { ["packets:cgroup_skb_http"], "packets:cgroup_skb", Told.Http },
        { ["packets"], "packets", Told.Http | Told.Udp | Told.Dns },
        { ["udp-refused"], "udp-refused", Told.None },
        { ["tcp-accept"], "tcp-accept", Told.None },
        { ["udp-bind"], "udp-bind", Told.None },
        { ["socket-release"], "socket-release", Told.None },
        { ["tcp-accept", "udp-bind", "socket-release", "udp-refused", "adopt"], "adopt", Told.OldConnection },
    };

    /// <summary>The same where the kernel refuses programs when they are loaded.</summary>
    public static TheoryData<string[], string, Told> Programs => new()
    {
        { ["tcp_on_state"], "tcp-state:raw_tp", Told.None },
        { ["tcp_on_state", "tcp_on_state_raw"], "tcp-state:sock_ops", Told.None },
        { ["tcp_on_state", "tcp_on_state_raw", "tcp_on_ops"], "tcp-state:sock_diag", Told.Http },
        { ["tcp_sweep_call", "tcp_sweep"], "sweep:raw_tp", Told.None },
        { ["udp_sweep_call", "udp_sweep"], "sweep:raw_tp", Told.None },
        { ["tcp_sweep_call", "tcp_sweep", "tcp_sweep_raw"], "sweep:sock_diag", Told.None },
        { ["udp_sweep_call", "udp_sweep", "udp_sweep_raw"], "sweep:sock_diag", Told.None },
        { ["flow_adopt"], "adopt:sock_diag", Told.None },
        { ["flow_adopt", "flow_adopt_found"], "adopt", Told.OldConnection },
        { ["net_on_ingress"], "packets:cgroup_skb", Told.Http },
        { ["net_on_egress"], "packets:cgroup_skb", Told.Http },
        { ["net_on_egress", "udp_on_ingress"], "packets", Told.Http | Told.Udp | Told.Dns },
        { ["net_on_egress", "udp_on_egress"], "packets", Told.Http | Told.Udp | Told.Dns },
        { ["udp_on_refused"], "udp-refused", Told.None },
        { ["tcp_on_accept4"], "tcp-accept", Told.None },
        { ["tcp_on_accept6"], "tcp-accept", Told.None },
        { ["udp_on_bind4"], "udp-bind", Told.None },
        { ["udp_on_bind6"], "udp-bind", Told.None },
        { ["sock_on_release"], "socket-release", Told.None },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_refused_hook_or_rung_loses_what_it_says_and_nothing_else(string[] refused, string serving, Told lost)
    {
        using var traffic = new NetTraffic();
        using var recorder = new FlowRecorder(traffic.Options with { Without = new WithoutHooks(refused) });

        traffic.Happen();

        ShouldTell(recorder, traffic, Told.All & ~lost, knowsProcess: serving != "tcp-state:sock_diag");
        var hook = ShouldSay(recorder.Hooks, serving);
        var named = refused.Where(r => r.Split(':')[0] == hook.Hook);
        hook.Refused.Where(r => r.Reason == WithoutHooks.Reason).Select(r => $"{hook.Hook}:{r.Rung}").ShouldBe(
            named.SelectMany(r => r == hook.Hook ? HookCatalogue.All.Single(h => h.Name == r).Rungs.Select(rung => $"{r}:{rung.Name}") : [r]));
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void A_program_that_the_kernel_refuses_takes_no_other_hook_along(string[] refused, string serving, Told lost)
    {
        using var traffic = new NetTraffic();
        using var recorder = new FlowRecorder(traffic.Options, () => SpoiledProgram.Open("net", refused));

        traffic.Happen();

        ShouldTell(recorder, traffic, Told.All & ~lost, knowsProcess: serving != "tcp-state:sock_diag");
        ShouldSay(recorder.Hooks, serving).Refused.ShouldContain(r => r.Reason.Contains("Invalid argument", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_not_even_maps_can_be_had_connections_come_from_netlink()
    {
        using var traffic = new NetTraffic();
        using var recorder = new FlowRecorder(traffic.Options, WithoutMaps);

        traffic.Happen();

        ShouldTell(recorder, traffic, Told.NewConnection | Told.OldConnection | Told.OpenConnection, knowsProcess: false);
        ShouldSay(recorder.Hooks, "tcp-state:sock_diag");
        ShouldSay(recorder.Hooks, "packets");
        recorder.Hooks.ShouldAllBe(h => h.Hook == "tcp-state" || h.Rung == "");
    }

    /// <summary>A table without room is refused by every kernel.</summary>
    private static BpfObject WithoutMaps()
    {
        var net = BpfObject.Open("net");
        net.SetMaxEntries("listeners", 0);
        return net;
    }

    private static void ShouldTell(FlowRecorder recorder, NetTraffic traffic, Told expected, bool knowsProcess)
    {
        var (seen, wrong) = (Told.None, "");
        recorder.Until(
            _ => (seen = traffic.Seen(recorder, out wrong)) == expected && wrong.Length == 0,
            () => $"{expected}, not {seen}; {wrong}");
        foreach (var delta in recorder.Where(traffic.IsMine))
        {
            delta.Flow.Direction.ShouldBe(traffic.DirectionOf(delta.Flow), delta.ToString());
            delta.Flow.Pid.ShouldBeOneOf(knowsProcess || delta.Closed == 0 ? [(uint)Environment.ProcessId] : [(uint)Environment.ProcessId, 0u]);
        }
    }

    private static HookStatus ShouldSay(IReadOnlyList<HookStatus> hooks, string serving)
    {
        var parts = serving.Split(':');
        var hook = HookCatalogue.All.Single(h => h.Name == parts[0]);
        var status = hooks.Single(h => h.Hook == hook.Name);
        if (parts.Length == 1)
        {
            (status.Rung, status.Problem).ShouldBe(("", hook.Without));
        }
        else
        {
            (status.Rung, status.Problem).ShouldBe((hook[parts[1]].Kernel, hook.Rungs[0].Name == parts[1] ? "" : hook[parts[1]].Cost));
        }

        return status;
    }
}
