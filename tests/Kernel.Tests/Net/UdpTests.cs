using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

public sealed class UdpTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", true)]
    [InlineData("::1", false)]
    public void Both_sides_count_the_payload_of_every_datagram(string address, bool connected)
    {
        using var recorder = new FlowRecorder();
        using var exchange = new UdpExchange(IPAddress.Parse(address), connected);
        ulong sent = 0, answered = 0;

        foreach (var size in (int[])[0, 1, 64, 1472, 8000, 60_000])
        {
            exchange.ToServer(size);
            exchange.ToClient(size / 2);
            sent += (ulong)size;
            answered += (ulong)(size / 2);
        }

        recorder.ShouldReach(exchange.IsClient, new FlowSum(sent, answered));
        recorder.ShouldReach(exchange.IsServer, new FlowSum(answered, sent));
        recorder.Where(exchange.IsClient).ShouldAllBe(d => d.Flow.Direction == Direction.Outgoing && d.Flow.Pid == Environment.ProcessId);
        recorder.Where(exchange.IsServer).ShouldAllBe(d => d.Flow.Direction == Direction.Incoming && d.Flow.Pid == Environment.ProcessId);
    }

    /// <summary>As a resolver that asks upstream from a port of its own choosing, and a server on a port of the kernel's.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_sends_the_first_datagram_is_the_client_whoever_bound_a_port_by_number(bool isNumberFirst)
    {
        using var space = new NetworkNamespace();
        using var recorder = new FlowRecorder();
        using var byNumber = space.Run(() => Bound(30_000));
        using var byKernel = space.Run(() => Bound(0));
        var (first, second) = isNumberFirst ? (byNumber, byKernel) : (byKernel, byNumber);
        first.SendTo(new byte[10], second.LocalEndPoint!);
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        second.ReceiveFrom(new byte[100], ref from).ShouldBe(10);
        second.SendTo(new byte[20], from);
        first.Receive(new byte[100]).ShouldBe(20);

        recorder.ShouldReach(f => f.NetNamespace == space.Inode && f.SourcePort == TcpExchange.Port(first), new FlowSum(10, 20));
        recorder.ShouldReach(f => f.NetNamespace == space.Inode && f.SourcePort == TcpExchange.Port(second), new FlowSum(20, 10));
        recorder.Where(f => f.NetNamespace == space.Inode).ShouldAllBe(d =>
            d.Flow.Direction == (d.Flow.SourcePort == TcpExchange.Port(first) ? Direction.Outgoing : Direction.Incoming));
    }

    [Fact]
    public void Datagrams_that_the_full_socket_refused_are_not_read()
    {
        const int Size = 1000;
        using var recorder = new FlowRecorder();
        using var exchange = new UdpExchange(IPAddress.Loopback, connected: true);
        exchange.Server.ReceiveBufferSize = 8 * 1024;
        for (var i = 0; i < 500; i++)
        {
            exchange.Client.Send(new byte[Size]);
        }

        var received = 0ul;
        while (exchange.Server.Available > 0)
        {
            received += (ulong)exchange.Server.Receive(new byte[Size]);
        }

        received.ShouldBeLessThan(500ul * Size, "nothing was refused");
        recorder.ShouldReach(exchange.IsServer, new FlowSum(0, received));
        recorder.ShouldReach(exchange.IsClient, new FlowSum(500 * Size, 0));
    }

    [Fact]
    public void A_closed_socket_ends_its_flow_without_waiting_for_the_idle_time()
    {
        // Room for few: flows that stayed would find the tables full. Connections of others are no UDP flows.
        using var recorder = new FlowRecorder(new NetProbeOptions { MaxConnections = 64 });
        for (var i = 0; i < 300; i++)
        {
            using var exchange = new UdpExchange(IPAddress.Loopback, connected: true);
            exchange.ToServer(10);
        }

        recorder.Collect();

        recorder.Sum(f => f.Transport == Transport.Udp && f.Pid == Environment.ProcessId).ShouldBe(new FlowSum(3000, 3000, Retransmits: 0));
        recorder.Counters.Losses.ShouldNotContain(l => l.Reason == "udp-table-full");
    }

    [Fact]
    public void An_idle_flow_ends_after_the_idle_time_and_comes_back_with_the_next_datagram()
    {
        using var recorder = new FlowRecorder(new NetProbeOptions { UdpIdleTimeout = TimeSpan.FromMilliseconds(300) });
        using var exchange = new UdpExchange(IPAddress.Loopback, connected: true);
        exchange.ToServer(5);
        recorder.ShouldReach(exchange.IsClient, new FlowSum(5, 0));
        var first = Lives(exchange.IsClient).ShouldHaveSingleItem();

        // Each datagram comes after a longer silence, until one finds that the flow has ended.
        var (silence, sent) = (TimeSpan.FromMilliseconds(300), 5ul);
        while (Lives(exchange.IsClient).Count == 1)
        {
            silence += TimeSpan.FromMilliseconds(100);
            silence.ShouldBeLessThan(Eventually.Patience);
            var quiet = Stopwatch.GetTimestamp();
            recorder.Until(_ => Stopwatch.GetElapsedTime(quiet) > silence, "the silence is over");
            exchange.ToServer(6);
            sent += 6;
            recorder.ShouldReach(exchange.IsClient, new FlowSum(sent, 0));
        }

        Lives(exchange.IsClient).ShouldAllBe(born => born >= first);
        recorder.ShouldReach(exchange.IsServer, new FlowSum(0, sent));
        Lives(exchange.IsServer).Count.ShouldBe(2);

        List<ulong> Lives(Func<FlowIdentity, bool> flow) => [.. recorder.Where(flow).Select(d => d.Flow.BornNs).Distinct()];
    }

    [Fact]
    public void A_server_that_is_older_than_the_agent_has_its_owner_and_direction()
    {
        using var exchange = new UdpExchange(IPAddress.Loopback, connected: false);
        exchange.ToServer(1);
        using var recorder = new FlowRecorder();

        exchange.ToServer(100);

        recorder.ShouldReach(exchange.IsServer, new FlowSum(0, 100));
        var flow = recorder.Where(exchange.IsServer).ShouldHaveSingleItem().Flow;
        flow.Direction.ShouldBe(Direction.Incoming);
        flow.Pid.ShouldBe((uint)Environment.ProcessId);
    }

    private static Socket Bound(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 10_000 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }
}
