using System.Net;
using System.Net.Sockets;
using EbpfActors.Probes.Net;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>One TCP connection between two sockets of this process.</summary>
internal sealed class TcpExchange : IDisposable
{
    private readonly Socket _listener;
    private readonly int _clientPort;
    private readonly int _serverPort;

    public TcpExchange(IPAddress address, Socket? listener = null, Action<Socket>? beforeAccept = null)
    {
        _listener = listener ?? Listen(address);
        Client = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (address.IsIPv4MappedToIPv6)
        {
            Client.DualMode = true;
        }

        Client.Connect(new IPEndPoint(address, Port(_listener)));
        beforeAccept?.Invoke(Client);
        Server = _listener.Accept();
        (_clientPort, _serverPort) = (Port(Client), Port(Server));
    }

    public Socket Client { get; }

    public Socket Server { get; }

    public static Socket Listen(IPAddress address)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (address.IsIPv4MappedToIPv6)
        {
            listener.DualMode = true;
        }

        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen(512);
        return listener;
    }

    public static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    public bool IsClient(FlowIdentity flow) => flow.SourcePort == _clientPort && flow.DestinationPort == _serverPort;

    public bool IsServer(FlowIdentity flow) => flow.SourcePort == _serverPort && flow.DestinationPort == _clientPort;

    /// <summary>The client sends, the server reads all of it and answers, the client reads all of that.</summary>
    public void Send(long request, long response)
    {
        Transfer(Client, Server, request);
        Transfer(Server, Client, response);
    }

    public void StopListening() => _listener.Close();

    public void Close()
    {
        Client.Shutdown(SocketShutdown.Send);
        Drain(Server);
        Server.Close();
        Drain(Client);
        Client.Close();
    }

    /// <summary>Ends a connection of which both sides have read all that was sent: the client first, then the server.</summary>
    public static void CloseRead(Socket client, Socket server)
    {
        client.Shutdown(SocketShutdown.Send);
        server.Receive(new byte[1]).ShouldBe(0);
        server.Close();
        client.Receive(new byte[1]).ShouldBe(0);
        client.Close();
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
        _listener.Dispose();
    }

    public static void Transfer(Socket from, Socket to, long bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        var sender = new Thread(() => SendAll(from, new byte[Math.Min(bytes, 1 << 20)], bytes));
        sender.Start();
        ReceiveAll(to, new byte[1 << 20], bytes);
        sender.Join();
    }

    public static void SendAll(Socket to, byte[] chunk, long bytes)
    {
        for (var left = bytes; left > 0;)
        {
            left -= to.Send(chunk, (int)Math.Min(left, chunk.Length), SocketFlags.None);
        }
    }

    public static void ReceiveAll(Socket from, byte[] buffer, long bytes)
    {
        for (var left = bytes; left > 0;)
        {
            var got = from.Receive(buffer, (int)Math.Min(left, buffer.Length), SocketFlags.None);
            left -= got > 0 ? got : throw new EndOfStreamException($"{left} of {bytes} bytes are missing");
        }
    }

    private static void Drain(Socket socket)
    {
        var buffer = new byte[4096];
        while (socket.Receive(buffer) > 0)
        {
        }
    }
}
