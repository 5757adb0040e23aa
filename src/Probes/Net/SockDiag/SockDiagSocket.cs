using System.Buffers.Binary;
using EbpfActors.Probes.Native;

namespace EbpfActors.Probes.Net.SockDiag;

/// <summary>Asks for the sockets of one network namespace, that of the thread which opens it, and hears of those that are destroyed.</summary>
internal sealed class SockDiagSocket : IDisposable
{
    private const int Protocol = 4; // NETLINK_SOCK_DIAG
    private const byte InfoExtension = 1 << 1; // INET_DIAG_INFO
    private const int RequestBytes = 72;
    private const byte IPv4 = 2;
    private const byte IPv6 = 10;

    /// <summary>SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY.</summary>
    private static readonly int[] DestroyedTcp = [1, 3];

    private readonly NetlinkSocket _requests = new(Protocol, blocks: true, "sock_diag");
    private NetlinkSocket? _destroyed;

    public delegate void Consumer(in DiagSocket socket);

    /// <summary>From now on <see cref="Destroyed"/> tells of every TCP socket that ends. Needs CAP_NET_ADMIN and CONFIG_INET_DIAG.</summary>
    public void ListenForDestroyed(int receiveBytes)
    {
        _destroyed = new NetlinkSocket(Protocol, blocks: false, "sock_diag");
        _destroyed.SizeReceive(receiveBytes);
        _destroyed.Bind();
        Array.ForEach(DestroyedTcp, _destroyed.Join);
    }

    /// <summary>Hands out the sockets of both families that are in one of the states.</summary>
    /// <exception cref="BpfException">The kernel refused, for example ENOENT without the module tcp_diag.</exception>
    public void Dump(uint states, Consumer consume, Transport transport = Transport.Tcp)
    {
        DumpFamily(IPv4, transport, states, consume);
        DumpFamily(IPv6, transport, states, consume);
    }

    /// <summary>Hands out the sockets that were destroyed since.</summary>
    /// <exception cref="BpfException">ENOBUFS: some were dropped before this call; the next one goes on.</exception>
    public void Destroyed(Consumer consume)
    {
        while (_destroyed is not null && _destroyed.Receive() is { IsEmpty: false } rest)
        {
            while (DiagMessage.TryTake(ref rest, out var message))
            {
                if (message.News == DiagNews.Socket)
                {
                    consume(message.Socket);
                }
            }
        }
    }

    public void Dispose()
    {
        _requests.Dispose();
        _destroyed?.Dispose();
    }

    /// <summary>nlmsghdr: length, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP; struct inet_diag_req_v2.</summary>
    private void DumpFamily(byte family, Transport transport, uint states, Consumer consume)
    {
        Span<byte> request = stackalloc byte[RequestBytes];
        request.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(request, RequestBytes);
        request[4] = 20;
        request[6] = 1;
        request[7] = 3;
        request[16] = family;
        request[17] = (byte)transport;
        request[18] = InfoExtension;
        BinaryPrimitives.WriteUInt32LittleEndian(request[20..], states);
        _requests.Send(request, "ask sock_diag");
        while (true)
        {
            var rest = _requests.Receive();
            while (DiagMessage.TryTake(ref rest, out var message))
            {
                switch (message.News)
                {
                    case DiagNews.Socket: consume(message.Socket); break;
                    case DiagNews.Done: return;
                    case DiagNews.Refused when message.Error == 0: return;
                    case DiagNews.Refused: throw new BpfException("dump sockets by sock_diag", message.Error);
                }
            }
        }
    }
}
