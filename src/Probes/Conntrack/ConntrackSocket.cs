using System.Runtime.InteropServices;
using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// A netlink socket to the connection tracking of one network namespace, that of the thread that makes it. What has no
/// destination NAT is dropped by a filter in the kernel, before it costs a system call.
/// </summary>
internal sealed unsafe class ConntrackSocket : IDisposable
{
    private const int Netlink = 16;
    private const int Raw = 3;
    private const int CloseOnExec = 0x80000;
    private const int DoNotBlock = 0x800;
    private const int NetfilterProtocol = 12;
    private const int SocketLevel = 1;
    private const int ReceiveBufferForce = 33;
    private const int NetlinkLevel = 270;
    private const int AddMembership = 1;
    private const int NewGroup = 1;
    private const int DestroyGroup = 3;
    private const int StatusAttribute = 3;
    private const int DestinationNat = 1 << 5; // IPS_DST_NAT
    private const int BufferBytes = 64 * 1024;

    private readonly byte[] _buffer = new byte[BufferBytes];

    private ConntrackSocket(SafeFileHandle file) => File = file;

    public delegate void Consumer(in ConntrackMessage message);

    public SafeFileHandle File { get; }

    /// <summary>Hears of every new and of every ended connection from now on.</summary>
    public static ConntrackSocket OpenEvents(int receiveBytes)
    {
        var socket = Open(DoNotBlock);
        try
        {
            Set(socket.File, SocketLevel, ReceiveBufferForce, receiveBytes);
            socket.FilterByStatus();
            socket.Bind();
            Set(socket.File, NetlinkLevel, AddMembership, NewGroup);
            Set(socket.File, NetlinkLevel, AddMembership, DestroyGroup);
            return socket;
        }
        catch (BpfException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A socket for <see cref="Dump"/>.</summary>
    public static ConntrackSocket OpenRequests() => Open(0);

    /// <summary>Asks something small, to know whether anybody answers; the first question of all loads the module that does.</summary>
    /// <exception cref="BpfException">EINVAL: nobody does.</exception>
    public void Ask()
    {
        // nlmsghdr: length, IPCTNL_MSG_CT_GET_STATS, NLM_F_REQUEST, sequence, port; nfgenmsg: any family, version 0.
        ReadOnlySpan<byte> request = [20, 0, 0, 0, 5, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Send(request, "ask connection tracking");
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
        Send(request, "ask for the tracked connections");

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

    /// <summary>Makes the table say of the namespace what the kernel says now. Under the table's lock.</summary>
    public void DumpInto(NatTable table, uint netNs)
    {
        table.BeginDump();
        Dump((in ConntrackMessage message) =>
        {
            if (message.News == ConntrackNews.Known)
            {
                table.Add(message.Original, netNs, message.Target);
            }
        });
        table.EndDump(netNs);
    }

    /// <summary>
    /// Hands out the messages of one datagram; false when none waits.
    /// </summary>
    /// <exception cref="BpfException">ENOBUFS: the kernel had to drop some before this.</exception>
    public bool Receive(Consumer consume)
    {
        int got;
        fixed (byte* buffer = _buffer)
        {
            do
            {
                got = (int)LibC.recv(File, buffer, BufferBytes, 0);
            }
            while (got < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);
        }

        if (got < 0)
        {
            return Marshal.GetLastPInvokeError() is var errno && errno == Errno.Again
                ? false
                : throw new BpfException("read from connection tracking", errno);
        }

        ReadOnlySpan<byte> rest = _buffer.AsSpan(0, got);
        while (ConntrackMessage.TryTake(ref rest, out var message))
        {
            consume(message);
        }

        return true;
    }

    public void Dispose() => File.Dispose();

    private void Send(ReadOnlySpan<byte> request, string operation)
    {
        fixed (byte* bytes = request)
        {
            Check((int)LibC.write(File, bytes, (nuint)request.Length), operation);
        }
    }

    private static ConntrackSocket Open(int flags)
    {
        var fd = LibC.socket(Netlink, Raw | CloseOnExec | flags, NetfilterProtocol);
        Check(fd, "open a netlink socket");
        return new ConntrackSocket(new SafeFileHandle(fd, ownsHandle: true));
    }

    private static void Set(SafeFileHandle socket, int level, int option, int value) =>
        Check(LibC.setsockopt(socket, level, option, &value, sizeof(int)), $"set option {option} of a netlink socket");

    /// <summary>A socket without an address gets no news: the kernel's own address is none as well, and a sender is left out.</summary>
    private void Bind()
    {
        ReadOnlySpan<byte> address = [Netlink, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]; // struct sockaddr_nl
        fixed (byte* bytes = address)
        {
            Check(LibC.bind(File, bytes, (uint)address.Length), "bind a netlink socket");
        }
    }

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

    private static void Check(int result, string operation)
    {
        if (result < 0)
        {
            throw new BpfException(operation, Marshal.GetLastPInvokeError());
        }
    }
}
