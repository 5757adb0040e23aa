using System.Net;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>What was there before the agent.</summary>
public sealed class TcpAdoptionTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void An_older_connection_is_established_once_and_its_bytes_count_from_the_start_on(string address)
    {
        using var exchange = new TcpExchange(IPAddress.Parse(address));
        exchange.Send(5000, 6000);
        using var recorder = new FlowRecorder();

        exchange.Send(7, 8);
        recorder.ShouldReach(exchange.IsClient, new FlowSum(7, 8, 1));
        recorder.ShouldReach(exchange.IsServer, new FlowSum(8, 7, 1));
        exchange.Send(100, 1);
        exchange.Close();

        recorder.ShouldReach(exchange.IsClient, new FlowSum(107, 9, 1, 1));
        recorder.ShouldReach(exchange.IsServer, new FlowSum(9, 107, 1, 1));
        recorder.Where(exchange.IsClient).ShouldAllBe(d => d.Flow.Direction == Direction.Outgoing && d.Flow.Pid == Environment.ProcessId);
        recorder.Where(exchange.IsServer).ShouldAllBe(d => d.Flow.Direction == Direction.Incoming && d.Flow.Pid == Environment.ProcessId);
    }

    [Fact]
    public void An_older_half_closed_connection_does_not_count_its_FIN()
    {
        using var exchange = new TcpExchange(IPAddress.Loopback);
        exchange.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        exchange.Server.Receive(new byte[1]).ShouldBe(0);
        using var recorder = new FlowRecorder();

        TcpExchange.Transfer(exchange.Server, exchange.Client, 10);
        exchange.Server.Close();
        exchange.Client.Receive(new byte[1]).ShouldBe(0);
        exchange.Client.Close();

        recorder.ShouldReach(exchange.IsClient, new FlowSum(0, 10, 1, 1));
        recorder.ShouldReach(exchange.IsServer, new FlowSum(10, 0, 1, 1));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5000, 6000)]
    public void An_older_connection_whose_listener_has_gone_was_opened_by_the_end_that_sent_the_SYN(long request, long response)
    {
        using var exchange = new TcpExchange(IPAddress.Loopback);
        exchange.Send(request, response);
        exchange.StopListening();
        using var recorder = new FlowRecorder();

        exchange.Send(7, 8);

        recorder.ShouldReach(exchange.IsClient, new FlowSum(7, 8, 1));
        recorder.ShouldReach(exchange.IsServer, new FlowSum(8, 7, 1));
        recorder.Where(exchange.IsClient).ShouldAllBe(d => d.Flow.Direction == Direction.Outgoing);
        recorder.Where(exchange.IsServer).ShouldAllBe(d => d.Flow.Direction == Direction.Incoming);
    }

    [Fact]
    public void A_listener_that_is_older_makes_its_new_connections_incoming()
    {
        using var listener = TcpExchange.Listen(IPAddress.Loopback);
        using var recorder = new FlowRecorder();
        using var exchange = new TcpExchange(IPAddress.Loopback, listener);

        exchange.Send(1, 2);
        exchange.Close();

        recorder.ShouldReach(exchange.IsServer, new FlowSum(2, 1, 1, 1));
        recorder.Where(exchange.IsServer).ShouldAllBe(d => d.Flow.Direction == Direction.Incoming);
    }
}
