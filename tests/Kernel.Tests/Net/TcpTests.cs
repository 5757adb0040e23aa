using System.Net;
using System.Net.Sockets;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

public sealed class TcpTests
{
    [Theory]
    [InlineData("127.0.0.1", 0, 0)]
    [InlineData("127.0.0.1", 1, 0)]
    [InlineData("127.0.0.1", 1, 1)]
    [InlineData("127.0.0.1", 1 << 20, 3)]
    [InlineData("::1", 1 << 20, 1 << 20)]
    [InlineData("::ffff:127.0.0.1", 12345, 54321)]
    public void Both_ends_of_a_connection_show_the_bytes_that_were_exchanged(string address, int request, int response)
    {
        using var recorder = new FlowRecorder();
        using var exchange = new TcpExchange(IPAddress.Parse(address));

        exchange.Send(request, response);
        exchange.Close();

        recorder.ShouldReach(exchange.IsClient, new FlowSum((ulong)request, (ulong)response, 1, 1));
        recorder.ShouldReach(exchange.IsServer, new FlowSum((ulong)response, (ulong)request, 1, 1));
        recorder.Where(exchange.IsClient).ShouldAllBe(d => d.Flow.Direction == Direction.Outgoing && d.Flow.Pid == Environment.ProcessId);
        recorder.Where(exchange.IsServer).ShouldAllBe(d => d.Flow.Direction == Direction.Incoming && d.Flow.Pid == Environment.ProcessId);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    public void An_IPv4_peer_is_an_IPv4_address_whatever_the_socket(string address)
    {
        using var recorder = new FlowRecorder();
        using var exchange = new TcpExchange(IPAddress.Parse(address));
        exchange.Send(10, 10);

        recorder.ShouldReach(exchange.IsClient, new FlowSum(10, 10, 1));

        recorder.Where(exchange.IsClient).ShouldAllBe(d => d.Flow.Destination.ToString() == "127.0.0.1" && d.Flow.Source.IsIPv4);
    }

    [Fact]
    public void A_connection_that_stays_open_is_counted_at_every_sweep_and_once_as_established()
    {
        using var recorder = new FlowRecorder();
        using var exchange = new TcpExchange(IPAddress.Loopback);

        for (var round = 1ul; round <= 5; round++)
        {
            exchange.Send(1000, 17);
            recorder.ShouldReach(exchange.IsClient, new FlowSum(round * 1000, round * 17, 1));
            recorder.ShouldReach(exchange.IsServer, new FlowSum(round * 17, round * 1000, 1));
        }

        exchange.Close();
        recorder.ShouldReach(exchange.IsClient, new FlowSum(5000, 85, 1, 1));
        recorder.Where(exchange.IsClient).Count.ShouldBeInRange(6, 12, "an unchanged connection is not reported again");
    }

    [Fact]
    public void Counters_do_not_wrap_at_four_gibibytes()
    {
        const long Total = 5L << 30;
        using var recorder = new FlowRecorder();
        using var exchange = new TcpExchange(IPAddress.Loopback);

        for (var part = 0; part < 5; part++)
        {
            exchange.Send(Total / 5, 1);
            recorder.Collect();
        }

        exchange.Close();
        recorder.ShouldReach(exchange.IsClient, new FlowSum(Total, 5, 1, 1));
        recorder.ShouldReach(exchange.IsServer, new FlowSum(5, Total, 1, 1));
    }

    [Fact]
    public void Five_thousand_short_connections_are_five_thousand()
    {
        const int Connections = 5000;
        using var recorder = new FlowRecorder();
        using var listener = TcpExchange.Listen(IPAddress.Loopback);
        var port = TcpExchange.Port(listener);
        var buffer = new byte[256];

        for (var i = 0; i < Connections; i++)
        {
            using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
            client.Connect(IPAddress.Loopback, port);
            client.LingerState = new LingerOption(true, 0); // a reset at the end, so that no port stays in TIME_WAIT
            using var server = listener.Accept();
            TcpExchange.SendAll(client, buffer, 100);
            TcpExchange.ReceiveAll(server, buffer, 100);
            TcpExchange.SendAll(server, buffer, 200);
            TcpExchange.ReceiveAll(client, buffer, 200);
        }

        recorder.ShouldReach(f => f.DestinationPort == port, new FlowSum(100 * Connections, 200 * Connections, Connections, Connections));
        recorder.ShouldReach(f => f.SourcePort == port, new FlowSum(200 * Connections, 100 * Connections, Connections, Connections));
    }

    [Fact]
    public void Round_trip_times_are_those_that_the_kernel_shows()
    {
        using var recorder = new FlowRecorder();
        using var exchange = new TcpExchange(IPAddress.Loopback);
        exchange.Send(100_000, 100_000);

        recorder.ShouldReach(exchange.IsClient, new FlowSum(100_000, 100_000, 1));

        var shown = SocketStatistics.Of(exchange.Client);
        var last = recorder.Where(exchange.IsClient)[^1];
        (last.RttMicros / 1000.0).ShouldBe(shown.RttMilliseconds, 0.0011);
        (last.RttVarMicros / 1000.0).ShouldBe(shown.RttVarMilliseconds, 0.0011);
    }
}
