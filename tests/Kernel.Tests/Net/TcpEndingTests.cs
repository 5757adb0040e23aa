using System.Net;
using System.Net.Sockets;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>Ways in which a connection ends, or never begins: each has its own way to be off by one.</summary>
public sealed class TcpEndingTests
{
    [Fact]
    public void A_half_closed_connection_counts_what_still_flows_and_not_the_FIN()
    {
        using var recorder = new FlowRecorder();
        using var exchange = new TcpExchange(IPAddress.Loopback);
        exchange.Send(500, 0);
        exchange.Client.Shutdown(SocketShutdown.Send);
        exchange.Server.Receive(new byte[1]).ShouldBe(0);

        recorder.ShouldReach(exchange.IsClient, new FlowSum(500, 0, 1));
        recorder.ShouldReach(exchange.IsServer, new FlowSum(0, 500, 1));

        TcpExchange.Transfer(exchange.Server, exchange.Client, 70_000);
        recorder.ShouldReach(exchange.IsClient, new FlowSum(500, 70_000, 1));
        recorder.ShouldReach(exchange.IsServer, new FlowSum(70_000, 500, 1));

        exchange.Server.Close();
        exchange.Client.Receive(new byte[1]).ShouldBe(0);
        exchange.Client.Close();
        recorder.ShouldReach(exchange.IsClient, new FlowSum(500, 70_000, 1, 1));
        recorder.ShouldReach(exchange.IsServer, new FlowSum(70_000, 500, 1, 1));
    }

    [Fact]
    public void A_reset_connection_is_closed_and_its_bytes_are_kept()
    {
        using var recorder = new FlowRecorder();
        using var exchange = new TcpExchange(IPAddress.Loopback);
        exchange.Send(333, 444);
        exchange.Client.LingerState = new LingerOption(true, 0);

        exchange.Client.Close();
        Should.Throw<SocketException>(() => exchange.Server.Receive(new byte[1]));

        recorder.ShouldReach(exchange.IsClient, new FlowSum(333, 444, 1, 1));
        recorder.ShouldReach(exchange.IsServer, new FlowSum(444, 333, 1, 1));
    }

    [Fact]
    public void Bytes_that_the_program_never_read_count_as_read()
    {
        using var recorder = new FlowRecorder();
        using var exchange = new TcpExchange(IPAddress.Loopback);
        exchange.Client.Send(new byte[777]).ShouldBe(777);
        recorder.ShouldReach(exchange.IsServer, new FlowSum(0, 777, 1));

        exchange.Server.Close(); // unread data makes this a reset

        recorder.ShouldReach(exchange.IsServer, new FlowSum(0, 777, 1, 1));
        recorder.ShouldReach(exchange.IsClient, new FlowSum(777, 0, 1, 1));
    }

    [Fact]
    public void A_refused_connection_is_no_connection()
    {
        using var recorder = new FlowRecorder();
        var listener = TcpExchange.Listen(IPAddress.Loopback);
        var port = TcpExchange.Port(listener);
        listener.Close();
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);

        Should.Throw<SocketException>(() => client.Connect(IPAddress.Loopback, port)).SocketErrorCode.ShouldBe(SocketError.ConnectionRefused);
        using var marker = new TcpExchange(IPAddress.Loopback);
        marker.Close();

        recorder.ShouldReach(marker.IsClient, new FlowSum(0, 0, 1, 1));
        recorder.Where(f => f.DestinationPort == port).ShouldBeEmpty();
    }

    [Fact]
    public void A_connect_that_nobody_answers_is_no_connection()
    {
        using var space = new NetworkNamespace();
        space.Exec("nft", "add table inet loss");
        space.Exec("nft", "add chain inet loss in { type filter hook input priority 0 ; }");
        space.Exec("nft", "add rule inet loss in tcp dport 9 drop");
        using var recorder = new FlowRecorder();

        using var client = space.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false });
        Should.Throw<SocketException>(() => client.Connect(IPAddress.Loopback, 9)).SocketErrorCode.ShouldBe(SocketError.WouldBlock);
        recorder.Collect();
        client.Close();
        using var marker = new TcpExchange(IPAddress.Loopback);
        marker.Close();

        recorder.ShouldReach(marker.IsClient, new FlowSum(0, 0, 1, 1));
        recorder.Where(f => f.NetNamespace == space.Inode).ShouldBeEmpty();
    }

    [Fact]
    public void A_socket_that_connects_a_second_time_is_a_second_connection()
    {
        using var recorder = new FlowRecorder();
        using var listener = TcpExchange.Listen(IPAddress.Loopback);
        var port = TcpExchange.Port(listener);
        using var client = new RawTcpSocket();
        for (var round = 0; round < 2; round++)
        {
            client.Connect(port);
            using var server = listener.Accept();
            client.Send(1000);
            TcpExchange.ReceiveAll(server, new byte[1000], 1000);
            TcpExchange.SendAll(server, new byte[10], 10);
            client.Receive(10);
            client.Disconnect();
        }

        client.Dispose();
        recorder.ShouldReach(f => f.DestinationPort == port, new FlowSum(2000, 20, 2, 2));
    }
}
