using System.Runtime.InteropServices;
using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Conntrack;

/// <summary>Waits for any of many descriptors, or to be woken. A closed descriptor leaves by itself. Thread-safe.</summary>
internal sealed unsafe class Poller : IDisposable
{
    private const int AddOperation = 1;
    private const uint Readable = 1;

    private readonly SafeFileHandle _epoll = new(LibC.epoll_create1(0x80000), ownsHandle: true);
    private readonly SafeFileHandle _wake = new(LibC.eventfd(0, 0x80800), ownsHandle: true);
    private readonly SafeFileHandle _sources = new(LibC.epoll_create1(0x80000), ownsHandle: true);

    /// <summary>The sources are an epoll of their own, which is itself readable when one of them is.</summary>
    public Poller()
    {
        Watch(_epoll, _wake);
        Watch(_epoll, _sources);
    }

    public void Add(SafeFileHandle source) => Watch(_sources, source);

    /// <summary>Whether any source can be read now.</summary>
    public bool HasNews()
    {
        Event one;
        return LibC.epoll_wait(_sources, &one, 1, 0) > 0;
    }

    public void Wait(TimeSpan timeout)
    {
        var events = stackalloc Event[2];
        if (LibC.epoll_wait(_epoll, events, 2, (int)Math.Ceiling(timeout.TotalMilliseconds)) > 0)
        {
            ulong count;
            LibC.read(_wake, &count, sizeof(ulong));
        }
    }

    public void Wake()
    {
        ulong one = 1;
        LibC.write(_wake, &one, sizeof(ulong));
    }

    public void Dispose()
    {
        _epoll.Dispose();
        _sources.Dispose();
        _wake.Dispose();
    }

    private static void Watch(SafeFileHandle poll, SafeFileHandle file)
    {
        var wanted = new Event { Events = Readable };
        if (LibC.epoll_ctl(poll, AddOperation, file, &wanted) != 0)
        {
            throw new BpfException("poll a descriptor", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>struct epoll_event, which is packed on x86-64.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    internal struct Event
    {
        internal uint Events;
        internal ulong Data;
    }
}
