using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// A netlink socket to the connection tracking of one network namespace, that of the thread that makes it. What has no
/// destination NAT is dropped by a filter in the kernel, before it costs a system call.
/// </summary>
internal sealed class ConntrackSocket : IDisposable
{
    private const int NetfilterProtocol = 12;
    private const int NewGroup = 1;
    private const int DestroyGroup = 3;
    private const int StatusAttribute = 3;
    private const int DestinationNat = 1 << 5; // IPS_DST_NAT

    private readonly NetlinkSocket _socket;

    private ConntrackSocket(bool blocks) => _socket = new NetlinkSocket(NetfilterProtocol, blocks, "connection tracking");

    public delegate void Consumer(in ConntrackMessage message);

    public SafeFileHandle File => _socket.File;

    /// <summary>Hears of every new and of every ended connection from now on.</summary>
    public static ConntrackSocket OpenEvents(int receiveBytes)
    {
        var opened = new ConntrackSocket(blocks: false);
        try
        {
            opened._socket.SizeReceive(receiveBytes);
            opened.FilterByStatus();
            opened._socket.Bind();
            opened._socket.Join(NewGroup);
            opened._socket.Join(DestroyGroup);
            return opened;
        }
        catch (BpfException)
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>A socket for <see cref="Dump"/>.</summary>
    public static ConntrackSocket OpenRequests() => new(blocks: true);

    /// <summary>Asks something small, to know whether anybody answers; the first question of all loads the module that does.</summary>
    /// <exception cref="BpfException">EINVAL: nobody does.</exception>
    public void Ask()
    {
        // nlmsghdr: length, IPCTNL_MSG_CT_GET_STATS, NLM_F_REQUEST, sequence, port; nfgenmsg: any family, version 0.
        ReadOnlySpan<byte> request = [20, 0, 0, 0, 5, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        _socket.Send(request, "ask connection tracking");
        Receive(static (in ConntrackMessage message) =>
        {
            if (message is { News: ConntrackNews.Refused, Error: not 0 })
            {
                throw new BpfException("ask connection tracking", message.Error);
            }
        });
    }

    /// <summary>Asks for all connections that there are, and hands them out.</summary>
    public void Dump(Consumer consume)
    {
        // nlmsghdr: length, IPCTNL_MSG_CT_GET, NLM_F_REQUEST | NLM_F_DUMP, sequence, port; nfgenmsg: any family, version 0.
        ReadOnlySpan<byte> request = [20, 0, 0, 0, 1, 1, 1, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        _socket.Send(request, "ask for the tracked connections");

        var isOver = false;
        while (!isOver)
        {
            Receive((in ConntrackMessage message) =>
            {
                isOver |= message.News is ConntrackNews.Done or ConntrackNews.Refused;
                if (message is { News: ConntrackNews.Refused, Error: not 0 })
                {
                    throw new BpfException("read the tracked connections", message.Error);
                }

                consume(message);
            });
        }
    }

    /// <summary>
    /// Hands out the messages of one datagram; false when none waits.
    /// </summary>
    /// <exception cref="BpfException">ENOBUFS: the kernel had to drop some before this.</exception>
    public bool Receive(Consumer consume)
    {
        var rest = _socket.Receive();
        if (rest.IsEmpty)
        {
            return false;
        }

        while (ConntrackMessage.TryTake(ref rest, out var message))
        {
            consume(message);
        }

        return true;
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Finds the status attribute behind both headers; keeps what has none; keeps what has the bit.</summary>
    private void FilterByStatus() => SocketFilter.Attach(
        File,
        new(0x00, 0, 0, 20),                       // A = 20
        new(0x01, 0, 0, StatusAttribute),          // X = attribute
        new(0x30, 0, 0, unchecked((uint)-0x1000) + 12), // A = offset of attribute X at or after A, or 0
        new(0x15, 3, 0, 0),                        // if A == 0 keep
        new(0x07, 0, 0, 0),                        // X = A
        new(0x40, 0, 0, 4),                        // A = the word at X + 4
        new(0x45, 0, 1, DestinationNat),           // if A & bit keep, else drop
        new(0x06, 0, 0, uint.MaxValue),
        new(0x06, 0, 0, 0));
}
