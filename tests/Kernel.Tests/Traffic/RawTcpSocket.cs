using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>A TCP socket as C programs use it: .NET forbids to connect one a second time.</summary>
internal sealed partial class RawTcpSocket : IDisposable
{
    private readonly SafeFileHandle _file = new(socket(2, 1, 0), ownsHandle: true);

    public void Connect(int port) => connect(_file, [2, 0, (byte)(port >> 8), (byte)port, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], 16).ShouldBe(0);

    /// <summary>connect() to AF_UNSPEC: the socket is as new.</summary>
    public void Disconnect() => connect(_file, new byte[16], 16).ShouldBe(0);

    public void Send(int bytes) => send(_file, new byte[bytes], bytes, 0).ShouldBe(bytes);

    public void Receive(int bytes) => recv(_file, new byte[bytes], bytes, 0x100 /* MSG_WAITALL */).ShouldBe(bytes);

    public void Dispose() => _file.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(SafeFileHandle socket, byte[] address, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(SafeFileHandle socket, byte[] buffer, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(SafeFileHandle socket, byte[] buffer, nint length, int flags);
}
