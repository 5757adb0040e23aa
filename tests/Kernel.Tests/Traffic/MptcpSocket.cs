using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>Multipath TCP, which .NET does not name: a socket of protocol 262.</summary>
internal static partial class MptcpSocket
{
    private const int Inet = 2;
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;
    private const int Mptcp = 262;

    /// <summary>Null where the kernel does not have it.</summary>
    public static Socket? TryMake()
    {
        var fd = socket(Inet, Stream | CloseOnExec, Mptcp);
        return fd < 0 ? null : new Socket(new SafeSocketHandle(fd, ownsHandle: true));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint socket(int domain, int type, int protocol);
}
