using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>Multipath TCP, which Go's listeners speak unless told otherwise: its subflows are told as the TCP connections that they are.</summary>
public sealed class MptcpTests : IDisposable
{
    private const string Request = "GET /m HTTP/1.1\r\nHost: x\r\n\r\n";
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /// <summary>The parent listens, its child accepts, reads, and answers with as many bytes.</summary>
    private const string PreFork = """
        import os, socket
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        if os.fork():
            os.wait()
        else:
            print(listener.getsockname()[1], os.getpid(), flush=True)
            accepted = listener.accept()[0]
            accepted.sendall(b"x" * len(accepted.recv(100)))
            accepted.recv(1)
        """;

    private readonly NetworkNamespace _space = new();

    public void Dispose() => _space.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_connection_is_told_once_with_its_bytes_owner_and_exchanges(bool isClientMptcp)
    {
        using var recorder = new FlowRecorder();
        using var listener = Listen();
        using var client = Connect(listener, isClientMptcp);
        using var server = listener.Accept();

        Talk(client, server);
        TcpExchange.CloseRead(client, server);

        ShouldBeTold(recorder, client: (Request.Length, Answer.Length));
        recorder.Exchanges.Where(IsHere).Select(e => (e.Flow.Direction, e.Path, (int)e.Status)).Order()
            .ShouldBe([(Direction.Outgoing, "/m", 200), (Direction.Incoming, "/m", 200)]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Both_ends_of_a_connection_that_is_older_than_the_agent_are_told(bool isClientMptcp)
    {
        using var listener = Listen();
        using var client = Connect(listener, isClientMptcp);
        using var server = listener.Accept();
        Talk(client, server);
        using var recorder = new FlowRecorder();

        Talk(client, server);
        TcpExchange.CloseRead(client, server);

        ShouldBeTold(recorder, client: (Request.Length, Answer.Length));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_server_s_connection_belongs_to_the_child_that_accepted_it(bool isListenerOlder)
    {
        using var before = isListenerOlder ? null : new FlowRecorder();
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["server.py"], PreFork);
        using var server = new RunningProgram(_space.Start("python3", folder["server.py"]));
        var said = server.StandardOutput.ReadLine()!.Split(' ');
        var (port, child) = (int.Parse(said[0], CultureInfo.InvariantCulture), uint.Parse(said[1], CultureInfo.InvariantCulture));
        using var after = isListenerOlder ? new FlowRecorder() : null;
        var recorder = before ?? after!;

        using var client = _space.Run(MptcpSocket.TryMake)!;
        client.Connect(IPAddress.Loopback, port);
        client.Send(new byte[10]);
        TcpExchange.ReceiveAll(client, new byte[10], 10);

        recorder.ShouldReach(f => IsHere(f) && f.SourcePort == port, new FlowSum(10, 10, 1));
        recorder.Where(f => IsHere(f) && f.SourcePort == port).ShouldAllBe(d => d.Flow.Direction == Direction.Incoming && d.Flow.Pid == child);
        client.Close();
        server.Process.WaitForExit();
    }

    [Fact]
    public void Further_subflows_belong_to_the_process_of_the_first()
    {
        foreach (var address in new[] { "10.88.0.1", "10.88.0.2" })
        {
            _space.Exec("ip", $"addr add {address}/24 dev lo");
        }

        _space.Exec("ip", "mptcp limits set subflows 2 add_addr_accepted 2");
        _space.Exec("ip", "mptcp endpoint add 10.88.0.2 dev lo subflow");
        using var recorder = new FlowRecorder();
        using var listener = Listen(IPAddress.Parse("10.88.0.1"));
        using var client = Connect(listener, isMptcp: true);
        using var server = listener.Accept();
        Talk(client, server);

        recorder.Until(
            _ => recorder.Where(f => IsHere(f) && f.Direction == Direction.Outgoing).Sum(d => d.Established) == 2
                && recorder.Where(f => IsHere(f) && f.Direction == Direction.Incoming).Sum(d => d.Established) == 2,
            "two subflows at each end");
        recorder.Where(IsHere).ShouldAllBe(d => d.Flow.Pid == Environment.ProcessId);
        FlowSum.Of(recorder.Where(f => IsHere(f) && f.Direction == Direction.Outgoing)).Written.ShouldBe((ulong)Request.Length);
        TcpExchange.CloseRead(client, server);
    }

    private static void Talk(Socket client, Socket server)
    {
        client.Send(Encoding.ASCII.GetBytes(Request));
        TcpExchange.ReceiveAll(server, new byte[100], Request.Length);
        server.Send(Encoding.ASCII.GetBytes(Answer));
        TcpExchange.ReceiveAll(client, new byte[100], Answer.Length);
    }

    private void ShouldBeTold(FlowRecorder recorder, (int Sent, int Received) client)
    {
        var (sent, received) = ((ulong)client.Sent, (ulong)client.Received);
        recorder.ShouldReach(f => IsHere(f) && f.Direction == Direction.Outgoing, new FlowSum(sent, received, 1, 1));
        recorder.ShouldReach(f => IsHere(f) && f.Direction == Direction.Incoming, new FlowSum(received, sent, 1, 1));
        recorder.Where(IsHere).ShouldAllBe(d => d.Flow.Pid == Environment.ProcessId);
    }

    private bool IsHere(FlowIdentity flow) => flow.NetNamespace == _space.Inode;

    private bool IsHere(HttpExchange exchange) => IsHere(exchange.Flow);

    private Socket Listen(IPAddress? address = null)
    {
        var listener = _space.Run(MptcpSocket.TryMake);
        Assert.SkipWhen(listener is null, "this kernel has no Multipath TCP");
        listener.Bind(new IPEndPoint(address ?? IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    private Socket Connect(Socket listener, bool isMptcp)
    {
        var client = _space.Run(() => isMptcp ? MptcpSocket.TryMake()! : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        client.Connect(listener.LocalEndPoint!);
        return client;
    }
}
