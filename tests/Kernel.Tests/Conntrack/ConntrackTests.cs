using System.Net;
using System.Net.Sockets;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes;
using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Conntrack;

/// <summary>Connections that a router in another namespace translates, as the client's own socket asks for them.</summary>
public sealed class ConntrackTests
{
    [Theory]
    [CombinatorialCases]
    public void A_connection_through_a_router_is_known_with_its_backend(bool isIPv6, bool isTcp, bool withSourceNat, bool isOlder, Way rung)
    {
        using var topology = new NatTopology();
        using var server = topology.Listen(isIPv6, isTcp);
        using var older = isOlder ? topology.Connect(server, isIPv6, isTcp, withSourceNat) : null;
        using var probe = Attach(rung);
        using var newer = isOlder ? null : topology.Connect(server, isIPv6, isTcp, withSourceNat);
        var flow = Flow(older ?? newer!, topology.Client, isTcp);

        probe.CatchUp();

        probe.Find(flow).ShouldBe(new NatTarget(IpAddress.Parse(NatTopology.Backend(isIPv6).ToString()), NatTopology.BackendPort));
        probe.Find(flow with { SourcePort = (ushort)(flow.SourcePort ^ 1) }).IsKnown.ShouldBeFalse();
    }

    [Theory]
    [InlineData(Way.Kernel)]
    [InlineData(Way.Netlink)]
    public void A_connection_that_its_own_namespace_translates_is_known(Way rung)
    {
        using var space = new NetworkNamespace();
        space.Exec("nft", "add table ip nat");
        space.Exec("nft", "add chain ip nat out { type nat hook output priority -100; }");
        space.Exec("nft", "add rule ip nat out ip daddr 127.0.0.9 tcp dport 80 dnat to 127.0.0.1:8080");
        using var probe = Attach(rung);
        using var listener = space.Run(() => Listen(8080));
        using var client = space.Run(() => Connect("127.0.0.9", 80));

        probe.CatchUp();

        probe.Find(Flow(client, space, isTcp: true)).ToString().ShouldContain("Port = 8080");
    }

    [Theory]
    [InlineData(Way.Kernel)]
    [InlineData(Way.Netlink)]
    public void What_is_not_translated_is_not_known_and_costs_no_message(Way rung)
    {
        var (near, far) = NetworkNamespace.Pair();
        using var nearEnd = near;
        using var farEnd = far;
        near.Exec("nft", "add table ip nat");
        near.Exec("nft", "add chain ip nat out { type nat hook output priority -100; }");
        near.Exec("nft", "add rule ip nat out ip daddr 10.77.0.9 tcp dport 80 dnat to 10.77.0.2:8080");
        using var probe = Attach(rung);
        using var listener = far.Run(() => Listen(8080));
        using var client = near.Run(() => Connect("10.77.0.2", 8080));
        var before = probe.Counters().Records;

        probe.CatchUp();

        probe.Find(Flow(client, near, isTcp: true)).IsKnown.ShouldBeFalse();
        probe.Counters().Records.ShouldBe(before);
    }

    [Theory]
    [InlineData(Way.Kernel)]
    [InlineData(Way.Netlink)]
    public void An_ended_connection_is_forgotten_after_a_while_and_not_before(Way rung)
    {
        using var topology = new NatTopology();
        using var server = topology.Listen(isIPv6: false, isTcp: true);
        using var probe = Attach(rung, new ConntrackOptions { Linger = TimeSpan.FromSeconds(1) });
        var client = topology.Connect(server, isIPv6: false, isTcp: true, withSourceNat: false);
        var flow = Flow(client, topology.Client, isTcp: true);
        probe.CatchUp();

        // A packet of a connection that is still open would make a new entry.
        client.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Dispose();
        topology.Router.Exec("conntrack", "-D -p tcp");
        probe.CatchUp();
        probe.Find(flow).IsKnown.ShouldBeTrue();
        probe.Find(flow with { BornNs = KernelClock.NowNs }).IsKnown.ShouldBeFalse("a later connection with the same ends is another one");

        Eventually.Holds(
            () =>
            {
                // Any news makes the table look at what is due.
                using var other = topology.Connect(server, isIPv6: false, isTcp: true, withSourceNat: true);
                probe.CatchUp();
                return !probe.Find(flow).IsKnown;
            },
            what: "the connection is forgotten");
    }

    [Theory]
    [InlineData(Way.Kernel)]
    [InlineData(Way.Netlink)]
    public void News_that_found_no_room_is_counted_and_made_up_for_by_a_dump(Way rung)
    {
        const int Flows = 2000;
        using var topology = new NatTopology();
        using var server = topology.Listen(isIPv6: false, isTcp: false);
        using var probe = Attach(rung, new ConntrackOptions { ReceiveBytes = 4096 });
        var service = new IPEndPoint(NatTopology.Service(isIPv6: false, withSourceNat: false), NatTopology.ServicePort);
        var ports = topology.Client.Run(() => Enumerable.Range(0, Flows).Select(i =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Any, 20_000 + i));
            socket.SendTo([1], service);
            return (ushort)(20_000 + i);
        }).ToList());

        probe.Turn();
        probe.Turn();

        probe.Counters().Losses.ShouldContain(l => l.Reason == "nat-events-overrun" && l.Records > 0);
        ports.Count(port => probe.Find(Flow(topology.Client, port)).IsKnown).ShouldBe(Flows);
    }

    [Fact]
    public void A_namespace_that_comes_is_listened_to_and_one_that_goes_is_let_go()
    {
        using var probe = Attach(Way.Netlink, new ConntrackOptions { LookEvery = TimeSpan.FromMilliseconds(50) });
        var before = Listening(probe);
        using (var topology = new NatTopology())
        {
            using var server = topology.Listen(isIPv6: false, isTcp: true);
            using var client = topology.Connect(server, isIPv6: false, isTcp: true, withSourceNat: false);
            var flow = Flow(client, topology.Client, isTcp: true);

            Eventually.Holds(() => Turn(probe).Find(flow).IsKnown, () => probe.Hooks[0].Rung);
            Listening(probe).ShouldBeGreaterThan(before);
        }

        // A socket inside would keep it alive for good.
        Eventually.Holds(() => Listening(Turn(probe)) <= before, () => probe.Hooks[0].Rung);
    }

    [Theory]
    [InlineData(Way.Kernel)]
    [InlineData(Way.Netlink)]
    public void A_full_table_refuses_and_counts(Way rung)
    {
        using var topology = new NatTopology();
        using var server = topology.Listen(isIPv6: false, isTcp: true);
        using var probe = Attach(rung, new ConntrackOptions { MaxConnections = 1 });
        using var first = topology.Connect(server, isIPv6: false, isTcp: true, withSourceNat: false);
        using var second = topology.Connect(server, isIPv6: false, isTcp: true, withSourceNat: false);

        probe.CatchUp();

        probe.Find(Flow(first, topology.Client, isTcp: true)).IsKnown.ShouldBeTrue();
        probe.Find(Flow(second, topology.Client, isTcp: true)).IsKnown.ShouldBeFalse();
        probe.Counters().Losses.ShouldContain(l => l.Reason == "nat-table-full" && l.Records == 1);
    }

    [Fact]
    public void A_kernel_that_lets_no_function_be_probed_is_heard_over_netlink_and_says_why()
    {
        using var probe = new ConntrackProbe(new ConntrackOptions());

        var hooks = probe.Attach();

        Assert.SkipWhen(IsKernel(hooks), "this kernel lets its functions be probed");
        var events = hooks.Single(h => h.Hook == "nat-events");
        events.Rung.ShouldStartWith("netlink in each network namespace");
        events.Refused.Select(r => r.Rung).ShouldBe(["fentry", "kprobe"]);
        events.Refused.ShouldAllBe(r => r.Reason.Contains("errno"));
        events.Problem.ShouldBe(ConntrackHooks.Events["netlink"].Cost);
    }

    [Fact]
    public void Without_a_dump_newer_connections_are_known_and_older_ones_are_not()
    {
        using var topology = new NatTopology();
        using var server = topology.Listen(isIPv6: false, isTcp: true);
        using var older = topology.Connect(server, isIPv6: false, isTcp: true, withSourceNat: false);
        using var probe = new ConntrackProbe(new ConntrackOptions { Without = new WithoutHooks(["nat-dump"]) });
        var hooks = probe.Attach();
        using var newer = topology.Connect(server, isIPv6: false, isTcp: true, withSourceNat: false);

        probe.CatchUp();

        hooks.ShouldContain(h => h.Hook == "nat-dump" && h.Rung == "" && h.Refused.Count == 1);
        probe.Find(Flow(older, topology.Client, isTcp: true)).IsKnown.ShouldBeFalse();
        probe.Find(Flow(newer, topology.Client, isTcp: true)).IsKnown.ShouldBeTrue();
    }

    [Fact]
    public void Without_events_nothing_is_attached_and_nothing_known()
    {
        using var topology = new NatTopology();
        using var server = topology.Listen(isIPv6: false, isTcp: true);
        using var probe = new ConntrackProbe(new ConntrackOptions { Without = new WithoutHooks(["nat-events"]) });
        probe.Attach().ShouldAllBe(h => h.Rung == "" && h.Refused.All(r => r.Reason == WithoutHooks.Reason));
        using var client = topology.Connect(server, isIPv6: false, isTcp: true, withSourceNat: false);

        probe.CatchUp();

        probe.Find(Flow(client, topology.Client, isTcp: true)).IsKnown.ShouldBeFalse();
    }

    [Fact]
    public void The_kernels_rung_keeps_no_namespace_alive_and_its_connections_end_with_it()
    {
        using var probe = Attach(Way.Kernel, new ConntrackOptions { Linger = TimeSpan.Zero });
        FlowIdentity flow;
        using (var topology = new NatTopology())
        {
            using var server = topology.Listen(isIPv6: false, isTcp: true);
            using var client = topology.Connect(server, isIPv6: false, isTcp: true, withSourceNat: false);
            flow = Flow(client, topology.Client, isTcp: true);
            probe.CatchUp();
            probe.Find(flow).IsKnown.ShouldBeTrue();
        }

        Eventually.Holds(() => !probe.Find(flow).IsKnown, meanwhile: probe.CatchUp);
    }

    private static ConntrackProbe Attach(Way rung, ConntrackOptions? options = null)
    {
        string[] without = rung == Way.Kernel ? ["nat-events:netlink"] : ["nat-events:fentry", "nat-events:kprobe"];
        var probe = new ConntrackProbe((options ?? new ConntrackOptions()) with { Without = new WithoutHooks(without) });
        if (IsKernel(probe.Attach()) != (rung == Way.Kernel))
        {
            probe.Dispose();
            Assert.Skip("this kernel lets no function be probed");
        }

        return probe;
    }

    private static bool IsKernel(IReadOnlyList<HookStatus> hooks) => hooks.Any(h => h.Hook == "nat-events" && h.Rung.Contains("__nf_conntrack_hash_insert", StringComparison.Ordinal));

    private static ConntrackProbe Turn(ConntrackProbe probe)
    {
        probe.Wait();
        probe.Turn();
        return probe;
    }

    private static int Listening(ConntrackProbe probe) => int.Parse(probe.Hooks[0].Rung.Split(' ')[^2], System.Globalization.CultureInfo.InvariantCulture);

    private static FlowIdentity Flow(Socket socket, NetworkNamespace space, bool isTcp)
    {
        var (local, remote) = ((IPEndPoint)socket.LocalEndPoint!, (IPEndPoint)socket.RemoteEndPoint!);
        return new FlowIdentity(
            IpAddress.Parse(local.Address.ToString()), IpAddress.Parse(remote.Address.ToString()), (ushort)local.Port, (ushort)remote.Port,
            isTcp ? Transport.Tcp : Transport.Udp, Direction.Outgoing, 1, space.Inode, "test");
    }

    private static FlowIdentity Flow(NetworkNamespace space, ushort port) => new(
        IpAddress.Parse("10.78.1.2"), IpAddress.Parse("10.96.0.10"), port, NatTopology.ServicePort, Transport.Udp, Direction.Outgoing, 1, space.Inode, "test");

    private static Socket Listen(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        socket.Listen();
        return socket;
    }

    private static Socket Connect(string address, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Parse(address), port);
        return socket;
    }

    public enum Way
    {
        Kernel,
        Netlink,
    }

    /// <summary>Every combination of the five.</summary>
    private sealed class CombinatorialCasesAttribute : Xunit.v3.DataAttribute
    {
        public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(System.Reflection.MethodInfo testMethod, Xunit.Sdk.DisposalTracker disposalTracker) =>
            new([.. Enumerable.Range(0, 32).Select(i =>
                new TheoryDataRow((i & 1) != 0, (i & 2) != 0, (i & 4) != 0, (i & 8) != 0, (i & 16) == 0 ? Way.Kernel : Way.Netlink))]);

        public override bool SupportsDiscoveryEnumeration() => true;
    }
}
