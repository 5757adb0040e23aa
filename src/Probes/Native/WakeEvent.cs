using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Native;

/// <summary>A descriptor that is readable from <see cref="Ring"/> to <see cref="Take"/>: ends another thread's wait. Thread-safe.</summary>
internal sealed unsafe class WakeEvent : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;

    /// <exception cref="BpfException">The kernel has no descriptor, or no memory, for it.</exception>
    internal WakeEvent() => File = Descriptor.Own(LibC.eventfd(0, CloseOnExec | NonBlocking), "make an eventfd");

    internal SafeFileHandle File { get; }

    internal void Ring()
    {
        ulong one = 1;
        LibC.write(File, &one, sizeof(ulong));
    }

    /// <summary>Has no effect when nobody has rung.</summary>
    internal void Take()
    {
        ulong count;
        LibC.read(File, &count, sizeof(ulong));
    }

    public void Dispose() => File.Dispose();
}
