using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Native;

/// <summary>
/// The last descriptors that the limit (RLIMIT_NOFILE) allows. Probes do without them: a new thread of the runtime takes two, and the one
/// that is made for SIGTERM ends the process when it finds none. The kernel gives the lowest number that is free, so a number tells.
/// </summary>
internal static class DescriptorReserve
{
    private const int Kept = 32;
    private static readonly long First = LibC.DescriptorLimit() - Kept;

    /// <summary>A new descriptor as a handle.</summary>
    /// <exception cref="BpfException">There is none (what <paramref name="operation"/> left in errno), or it is one of the reserve (EMFILE).</exception>
    internal static SafeFileHandle Own(int descriptor, string operation)
    {
        if (descriptor < 0)
        {
            throw new BpfException(operation, Marshal.GetLastPInvokeError());
        }

        var owned = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Has(descriptor))
        {
            owned.Dispose();
            throw new BpfException(operation, Errno.TooManyOpen);
        }

        return owned;
    }

    internal static bool Has(int descriptor) => descriptor >= First;
}
