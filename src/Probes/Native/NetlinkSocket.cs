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
        Check(fd, "open a netlink socket to");
        File = new SafeFileHandle(fd, ownsHandle: true);
    }

    public SafeFileHandle File { get; }

    /// <summary>From now on what the kernel tells these groups comes here; up to that many bytes wait.</summary>
    public void Join(int receiveBytes, params ReadOnlySpan<int> groups)
    {
        Set(SocketLevel, ReceiveBufferForce, receiveBytes);

        // A socket without an address gets no news: the kernel's own address is none as well, and a sender is left out.
        ReadOnlySpan<byte> address = [Netlink, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]; // struct sockaddr_nl
        fixed (byte* bytes = address)
        {
            Check(LibC.bind(File, bytes, (uint)address.Length), "bind a netlink socket to");
        }

        foreach (var group in groups)
        {
            Set(NetlinkLevel, AddMembership, group);
        }
    }

    public void Send(ReadOnlySpan<byte> message)
    {
        fixed (byte* bytes = message)
        {
            Check((int)LibC.write(File, bytes, (nuint)message.Length), "ask");
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

    private void Set(int level, int option, int value) => Check(LibC.setsockopt(File, level, option, &value, sizeof(int)), $"set option {option} of a netlink socket to");

    private void Check(int result, string verb)
    {
        if (result < 0)
        {
            throw new BpfException($"{verb} {_what}", Marshal.GetLastPInvokeError());
        }
    }
}
