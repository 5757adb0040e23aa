using System.Net;
using System.Net.Sockets;
using EbpfActors.Probes.Net;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>One TCP connection between two sockets of this process.</summary>
internal sealed class TcpExchange : IDisposable
{
    private readonly Socket _listener;

    public TcpExchange(IPAddress address, Socket? listener = null)
    {
        _listener = listener ?? Listen(address);
        Client = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (address.IsIPv4MappedToIPv6)
        {
            Client.DualMode = true;
        }

        Client.Connect(new IPEndPoint(address, Port(_listener)));
        Server = _listener.Accept();
    }

    public Socket Client { get; }

    public Socket Server { get; }

    public int ClientPort => Port(Client);

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

    private int _clientPort;
    private int _serverPort;

    public bool IsClient(FlowIdentity flow) => Remember() && flow.SourcePort == _clientPort && flow.DestinationPort == _serverPort;

    public bool IsServer(FlowIdentity flow) => Remember() && flow.SourcePort == _serverPort && flow.DestinationPort == _clientPort;

    /// <summary>The client sends, the server reads all of it and answers, the client reads all of that.</summary>
    public void Send(long request, long response)
    {
        Transfer(Client, Server, request);
        Transfer(Server, Client, response);
    }

    public void Close()
    {
        Remember();
        Client.Shutdown(SocketShutdown.Send);
        Drain(Server);
        Server.Close();
        Drain(Client);
        Client.Close();
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

        var sender = new Thread(() =>
        {
            var chunk = new byte[Math.Min(bytes, 1 << 20)];
            for (var left = bytes; left > 0;)
            {
                left -= from.Send(chunk, (int)Math.Min(left, chunk.Length), SocketFlags.None);
            }
        });
        sender.Start();
        var buffer = new byte[1 << 20];
        for (var left = bytes; left > 0;)
        {
            left -= to.Receive(buffer, (int)Math.Min(left, buffer.Length), SocketFlags.None);
        }

        sender.Join();
    }

    private static void Drain(Socket socket)
    {
        var buffer = new byte[4096];
        while (socket.Receive(buffer) > 0)
        {
        }
    }

    private bool Remember()
    {
        if (_clientPort == 0)
        {
            (_clientPort, _serverPort) = (Port(Client), Port(Server));
        }

        return true;
    }
}
