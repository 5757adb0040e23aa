using System.Runtime.InteropServices;
using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Bpf;

/// <summary>Opens the root of the cgroup2 hierarchy, to which programs are attached that shall see every socket of the host.</summary>
internal static class CgroupRoot
{
    private const int DirectoryOnly = 0x10000 | 0x80000; // O_DIRECTORY | O_CLOEXEC

    /// <summary>The given mount; or, where none is mounted, a mount of our own that no mount table shows and that ends with the handle.</summary>
    internal static SafeFileHandle Open(string? mountPoint)
    {
        var fd = mountPoint is null ? LibC.MountCgroup2Detached() : LibC.open(mountPoint, DirectoryOnly);
        return fd >= 0
            ? new SafeFileHandle(fd, ownsHandle: true)
            : throw new BpfException($"open the cgroup2 root {mountPoint ?? "(mounted privately)"}", Marshal.GetLastPInvokeError());
    }

    /// <summary>The same; null, and why, when it cannot be had.</summary>
    internal static SafeFileHandle? TryOpen(string? mountPoint, out BpfException? refusal)
    {
        refusal = null;
        try
        {
            return Open(mountPoint);
        }
        catch (BpfException e)
        {
            refusal = e;
            return null;
        }
    }
}
