using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Native;

/// <summary>Descriptors as C library calls give them.</summary>
internal static class Descriptor
{
    /// <summary>Right after the call: the errno is the thread's last one.</summary>
    /// <exception cref="BpfException">The call gave none.</exception>
    internal static SafeFileHandle Own(int fd, string operation) =>
        fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw new BpfException(operation, Marshal.GetLastPInvokeError());
}
