using System.Net;
using System.Net.Sockets;
using EbpfActors.Probes.Net;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>A UDP server on a port that it bound by number, and a client.</summary>
internal sealed class UdpExchange : IDisposable
{
    private readonly int _serverPort;
    private readonly int _clientPort;
    private readonly bool _connected;
    private EndPoint _clientAddress;

    public UdpExchange(IPAddress address, bool connected)
    {
        _connected = connected;
        Server = BindByNumber(address);
        Client = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _serverPort = TcpExchange.Port(Server);
        if (connected)
        {
            Client.Connect(new IPEndPoint(address, _serverPort));
            _clientPort = TcpExchange.Port(Client);
        }
        else
        {
            // The wildcard address with a port of the kernel's choosing, as the first send would do.
            Client.Bind(new IPEndPoint(address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0));
            _clientPort = TcpExchange.Port(Client);
        }

        ServerAddress = new IPEndPoint(address, _serverPort);
        _clientAddress = new IPEndPoint(address, _clientPort);
    }

    public Socket Server { get; }

    public Socket Client { get; }

    public IPEndPoint ServerAddress { get; }

    public bool IsClient(FlowIdentity flow) => flow.SourcePort == _clientPort && flow.DestinationPort == _serverPort;

    public bool IsServer(FlowIdentity flow) => flow.SourcePort == _serverPort && flow.DestinationPort == _clientPort;

    public void ToServer(int size) => ToServer(new byte[size]);

    public void ToServer(byte[] bytes)
    {
        var sent = _connected ? Client.Send(bytes) : Client.SendTo(bytes, ServerAddress);
        sent.ShouldBe(bytes.Length);
        Server.ReceiveFrom(new byte[65536], ref _clientAddress).ShouldBe(bytes.Length);
    }

    public void ToClient(int size) => ToClient(new byte[size]);

    public void ToClient(byte[] bytes)
    {
        Server.SendTo(bytes, _clientAddress).ShouldBe(bytes.Length);
        Client.Receive(new byte[65536]).ShouldBe(bytes.Length);
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }

    private static Socket BindByNumber(IPAddress address)
    {
        for (var port = 20000 + (Environment.ProcessId % 10000); ; port++)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 10_000 };
            try
            {
                socket.Bind(new IPEndPoint(address, port));
                return socket;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                socket.Dispose();
            }
        }
    }
}
