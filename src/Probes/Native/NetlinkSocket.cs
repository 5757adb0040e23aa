using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Native;

/// <summary>A netlink socket of the network namespace of the thread that opens it; may be used from any thread afterwards. Not thread-safe.</summary>
internal sealed unsafe class NetlinkSocket : IDisposable
{
    private const int Netlink = 16;
    private const int Raw = 3;
    private const int CloseOnExec = 0x80000;
    private const int DoNotBlock = 0x800;
    private const int SocketLevel = 1;
    private const int ReceiveBufferForce = 33;
    private const int NetlinkLevel = 270;
    private const int AddMembership = 1;
    private const int AddressBytes = 12; // struct sockaddr_nl
    private const int BufferBytes = 64 * 1024;

    private readonly string _what;
    private readonly byte[] _buffer = new byte[BufferBytes];

    /// <param name="protocol">NETLINK_*.</param>
    /// <param name="blocks">Whether <see cref="Receive"/> waits for a message.</param>
    /// <param name="what">For messages: what is at the other end.</param>
    public NetlinkSocket(int protocol, bool blocks, string what)
    {
        _what = what;
        var fd = LibC.socket(Netlink, Raw | CloseOnExec | (blocks ? 0 : DoNotBlock), protocol);
        File = DescriptorReserve.Own(fd, $"open a netlink socket to {what}");
    }

    public SafeFileHandle File { get; }

    /// <summary>Up to that many bytes of news wait; what finds no room is dropped, and <see cref="Receive"/> says so.</summary>
    public void SizeReceive(int bytes) => Set(SocketLevel, ReceiveBufferForce, bytes);

    /// <summary>
    /// Gives the socket an address, without which it gets no news: the kernel's own address is none as well, and a sender is left out.
    /// </summary>
    /// <param name="groups">The first 32 groups of the protocol, a bit each: their news comes from now on.</param>
    public void Bind(uint groups = 0)
    {
        Span<byte> address = stackalloc byte[AddressBytes];
        address.Clear();
        address[0] = Netlink;
        MemoryMarshal.Write(address[8..], groups);
        fixed (byte* bytes = address)
        {
            Check(LibC.bind(File, bytes, AddressBytes), $"bind a netlink socket to {_what}");
        }
    }

    /// <summary>From now on what the kernel tells this group comes here, too. Any number.</summary>
    public void Join(int group) => Set(NetlinkLevel, AddMembership, group);

    /// <param name="message">With its <c>struct nlmsghdr</c>.</param>
    /// <param name="operation">What it asks for, for the exception.</param>
    public void Send(ReadOnlySpan<byte> message, string operation)
    {
        fixed (byte* bytes = message)
        {
            Check((int)LibC.write(File, bytes, (nuint)message.Length), operation);
        }
    }

    /// <summary>The messages of one datagram, valid until the next call; empty when none waits.</summary>
    /// <exception cref="BpfException">ENOBUFS: the kernel had to drop some before this.</exception>
    public ReadOnlySpan<byte> Receive()
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

        if (got >= 0)
        {
            return _buffer.AsSpan(0, got);
        }

        return Marshal.GetLastPInvokeError() is var errno && errno == Errno.Again ? [] : throw new BpfException($"read from {_what}", errno);
    }

    public void Dispose() => File.Dispose();

    private void Set(int level, int option, int value) =>
        Check(LibC.setsockopt(File, level, option, &value, sizeof(int)), $"set option {option} of a netlink socket to {_what}");

    private static void Check(int result, string operation)
    {
        if (result < 0)
        {
            throw new BpfException(operation, Marshal.GetLastPInvokeError());
        }
    }
}
