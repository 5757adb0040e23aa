using System.Net;
using System.Net.Sockets;

namespace EbpfActors.EndToEnd.Tests.Traffic;

/// <summary>A UDP server of this process on a port that it bound by number, with one client; keeps the account of the payload.</summary>
internal sealed class UdpServer : IDisposable
{
    private static int _nextPort = 21_000 + (Environment.ProcessId % 8_000);

    private readonly Socket _server;
    private readonly Socket _client;
    private readonly bool _connected;

    public UdpServer(IPAddress address, bool connected)
        : this(address, connected, here => here(), here => here())
    {
    }

    /// <summary>For sockets that live elsewhere: <paramref name="server"/> and <paramref name="client"/> run what makes them there.</summary>
    public UdpServer(IPAddress address, bool connected, Func<Func<Socket>, Socket> server, Func<Func<Socket>, Socket> client)
    {
        _connected = connected;
        _server = server(() => BindByNumber(address));
        _client = client(() => new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 10_000 });
        if (connected)
        {
            _client.Connect(_server.LocalEndPoint!);
        }
    }

    public int Port => ((IPEndPoint)_server.LocalEndPoint!).Port;

    public long Requests { get; private set; }

    public long Responses { get; private set; }

    public void Exchange(int request, int response)
    {
        var sent = _connected ? _client.Send(new byte[request]) : _client.SendTo(new byte[request], _server.LocalEndPoint!);
        EndPoint from = new IPEndPoint(_server.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        Requests += _server.ReceiveFrom(new byte[65_536], ref from);
        _server.SendTo(new byte[response], from);
        Responses += _client.Receive(new byte[65_536]);
        Assert.Equal(request, sent);
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    private static Socket BindByNumber(IPAddress address)
    {
        while (true)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 10_000 };
            try
            {
                socket.Bind(new IPEndPoint(address, _nextPort++));
                return socket;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                socket.Dispose();
            }
        }
    }
}
