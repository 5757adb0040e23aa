using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Processes;

/// <summary>
/// The kernel's process connector (CONFIG_PROC_EVENTS): netlink messages about every exec of the host, without any BPF. It speaks to the
/// initial network, pid and user namespaces only. A filter in the kernel drops its other events. Not thread-safe.
/// </summary>
internal sealed class ProcConnector : IDisposable
{
    private const int ConnectorProtocol = 11; // NETLINK_CONNECTOR
    private const int ReceiveBytes = 1 << 20;
    private const uint ProcessGroup = 1; // CN_IDX_PROC, and CN_VAL_PROC
    private const uint Listen = 1; // PROC_CN_MCAST_LISTEN
    private const uint Ignore = 2; // PROC_CN_MCAST_IGNORE
    private const uint AcknowledgeEvent = 0; // PROC_EVENT_NONE
    private const uint ExecEvent = 2; // PROC_EVENT_EXEC

    // struct nlmsghdr, struct cn_msg, struct proc_event. The kernel's numbers are in its own byte order.
    private const int HeaderBytes = 16;
    private const int What = HeaderBytes + 20;
    private const int Details = What + 16;
    private const int SmallestEvent = Details + 8;

    private readonly NetlinkSocket _socket = new(ConnectorProtocol, blocks: false, "the process connector");

    private ProcConnector()
    {
    }

    /// <summary>Can be read when something waits.</summary>
    public SafeFileHandle File => _socket.File;

    /// <summary>Hears of every exec from now on.</summary>
    /// <exception cref="BpfException">The kernel has no process connector, or none for this process's namespaces (EOPNOTSUPP), or does not permit it.</exception>
    public static ProcConnector Open()
    {
        var connector = new ProcConnector();
        try
        {
            connector.Subscribe();
            return connector;
        }
        catch
        {
            connector.Dispose();
            throw;
        }
    }

    /// <summary>Hands out the processes that began a program since the last call.</summary>
    /// <exception cref="BpfException">ENOBUFS: the kernel had to drop some. What waits is handed out by the next call.</exception>
    public void Read(Action<uint> begun)
    {
        while (_socket.Receive() is { IsEmpty: false } message)
        {
            if (IsEvent(message, ExecEvent))
            {
                begun(Word(message, Details + 4)); // process_tgid
            }
        }
    }

    public void Dispose()
    {
        if (File.IsClosed)
        {
            return;
        }

        try
        {
            Send(Ignore, "leave the process connector"); // before Linux 6.6 the kernel goes on making events for a listener that is gone
        }
        catch (BpfException)
        {
            // It is left all the same when the socket is closed.
        }

        _socket.Dispose();
    }

    private void Subscribe()
    {
        // Jumps only where the word is neither kind. Those of the kernel are this machine's, the filter's are big-endian.
        SocketFilter.Attach(
            File,
            new(0x20, 0, 0, What),                                                  // A = what
            new(0x15, 1, 0, BinaryPrimitives.ReverseEndianness(ExecEvent)),         // if A == exec keep
            new(0x15, 0, 1, BinaryPrimitives.ReverseEndianness(AcknowledgeEvent)),  // if A != acknowledge drop
            new(0x06, 0, 0, uint.MaxValue),
            new(0x06, 0, 0, 0));
        _socket.SizeReceive(ReceiveBytes);
        _socket.Bind(ProcessGroup);
        Send(Listen, "subscribe to the process connector");
        if (!IsAcknowledged())
        {
            throw new BpfException("subscribe to the process connector", Errno.NotSupported);
        }
    }

    /// <summary>The answer is there when the request has been sent. One who asks from another namespace gets none.</summary>
    private bool IsAcknowledged()
    {
        while (_socket.Receive() is { IsEmpty: false } message)
        {
            if (IsEvent(message, AcknowledgeEvent))
            {
                var error = (int)Word(message, Details);
                return error == 0 ? true : throw new BpfException("subscribe to the process connector", error);
            }
        }

        return false;
    }

    private void Send(uint operation, string what)
    {
        Span<byte> request = stackalloc byte[What + 4];
        request.Clear();
        MemoryMarshal.Write(request, request.Length);
        MemoryMarshal.Write(request[4..], (ushort)3); // NLMSG_DONE
        MemoryMarshal.Write(request[HeaderBytes..], ProcessGroup);
        MemoryMarshal.Write(request[(HeaderBytes + 4)..], ProcessGroup);
        MemoryMarshal.Write(request[(HeaderBytes + 16)..], (ushort)sizeof(uint));
        MemoryMarshal.Write(request[What..], operation);
        _socket.Send(request, what);
    }

    private static bool IsEvent(ReadOnlySpan<byte> message, uint what) =>
        message.Length >= SmallestEvent && Word(message, HeaderBytes) == ProcessGroup && Word(message, What) == what;

    private static uint Word(ReadOnlySpan<byte> message, int offset) => MemoryMarshal.Read<uint>(message[offset..]);
}
