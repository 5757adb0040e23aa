using System.Net;
using System.Net.Sockets;

namespace EbpfActors.EndToEnd.Tests.Traffic;

/// <summary>A listener of this process; makes connections to itself and keeps the account of what they moved.</summary>
internal sealed class TcpServer : IDisposable
{
    private readonly Socket _listener;
    private readonly Func<Socket> _client;

    public TcpServer(IPAddress address)
        : this(Listen(address), () => new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp))
    {
    }

    /// <summary>For sockets that live elsewhere, in a network namespace for example.</summary>
    public TcpServer(Socket listener, Func<Socket> client) => (_listener, _client) = (listener, client);

    /// <summary>What clients connect to: the listener itself, unless its address is translated on the way.</summary>
    public EndPoint? Target { private get; init; }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public long Connections { get; private set; }

    public long Closed { get; private set; }

    /// <summary>Bytes from clients to the server.</summary>
    public long Requests { get; private set; }

    /// <summary>Bytes from the server to clients.</summary>
    public long Responses { get; private set; }

    /// <summary>On a port that is free in the other family too: points are told by their port.</summary>
    public static Socket Listen(IPAddress address)
    {
        var other = address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.IPv6Loopback : IPAddress.Loopback;
        while (true)
        {
            var listener = Bind(address, 0);
            try
            {
                Bind(other, ((IPEndPoint)listener.LocalEndPoint!).Port).Dispose();
                listener.Listen(256);
                return listener;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                listener.Dispose();
            }
        }
    }

    public TcpConversation Connect()
    {
        var client = _client();
        client.Connect(Target ?? _listener.LocalEndPoint!);
        Connections++;
        return new TcpConversation(this, client, _listener.Accept());
    }

    private static Socket Bind(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, port));
        return socket;
    }

    /// <summary>One connection from its beginning to its end.</summary>
    public void Converse(int request, int response)
    {
        using var conversation = Connect();
        conversation.Exchange(request, response);
        conversation.Close();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Both ends of one connection.</summary>
    internal sealed class TcpConversation(TcpServer account, Socket client, Socket server) : IDisposable
    {
        /// <summary>The client sends, the server reads all of it and answers, the client reads all of that.</summary>
        public void Exchange(int request, int response)
        {
            Transfer(client, server, request);
            Transfer(server, client, response);
            account.Requests += request;
            account.Responses += response;
        }

        /// <summary>The client first; returns when both ends know of it.</summary>
        public void Close()
        {
            client.Shutdown(SocketShutdown.Send);
            server.Receive(new byte[1]);
            server.Close();
            client.Receive(new byte[1]);
            client.Close();
            account.Closed++;
        }

        public void Dispose()
        {
            client.Dispose();
            server.Dispose();
        }

        private static void Transfer(Socket from, Socket to, int bytes)
        {
            var sending = Task.Run(() => from.Send(new byte[bytes]));
            var buffer = new byte[64 * 1024];
            for (var left = bytes; left > 0;)
            {
                var got = to.Receive(buffer, Math.Min(left, buffer.Length), SocketFlags.None);
                left -= got > 0 ? got : throw new EndOfStreamException($"{left} of {bytes} bytes are missing");
            }

            sending.Wait();
        }
    }
}
