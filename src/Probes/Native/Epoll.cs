using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Native;

/// <summary>A set of descriptors to wait for, which is itself one. A closed descriptor leaves by itself. Thread-safe.</summary>
internal sealed unsafe class Epoll : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int AddOperation = 1;
    private const uint Readable = (uint)LibC.PollIn;
    private const uint EdgeTriggered = 1u << 31;

    /// <exception cref="BpfException">The kernel has no descriptor, or no memory, for it.</exception>
    internal Epoll() => File = Descriptor.Own(LibC.epoll_create1(CloseOnExec), "make an epoll descriptor");

    internal SafeFileHandle File { get; }

    internal void Add(SafeFileHandle file) => Add(file, Readable);

    /// <summary>Counts the descriptor only when it is rung for, not for as long as it can be read.</summary>
    internal void AddRung(SafeFileHandle file) => Add(file, Readable | EdgeTriggered);

    /// <summary>Whether any can be read, at the latest after the time given.</summary>
    internal bool Wait(TimeSpan timeout)
    {
        LibC.EpollEvent one;
        return LibC.epoll_wait(File, &one, 1, (int)Math.Ceiling(timeout.TotalMilliseconds)) > 0;
    }

    public void Dispose() => File.Dispose();

    private void Add(SafeFileHandle file, uint events)
    {
        var wanted = new LibC.EpollEvent { Events = events };
        if (LibC.epoll_ctl(File, AddOperation, file, &wanted) != 0)
        {
            throw new BpfException("poll a descriptor", Marshal.GetLastPInvokeError());
        }
    }
}
