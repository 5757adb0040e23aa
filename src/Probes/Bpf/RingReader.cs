using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Bpf;

/// <summary>Takes records out of one BPF ring buffer. Not thread-safe, except <see cref="Wake"/>.</summary>
internal sealed unsafe class RingReader : IDisposable
{
    /// <summary>Receives one record; the span dies with the call.</summary>
    internal delegate void Consumer(ReadOnlySpan<byte> record);

    private readonly RingBufferHandle _ring;
    private readonly WakeEvent _wake = new();

    // A ring counts as readable as long as anything is in it, which on a busy host is always. Only the producer asking for attention
    // is to end a wait.
    private readonly Epoll _asked = new();
    private GCHandle _self;
    private Consumer? _consumer;
    private ExceptionDispatchInfo? _failure;

    internal RingReader(BpfMap ring)
    {
        _self = GCHandle.Alloc(this);
        var opened = LibBpf.ring_buffer__new(ring.Fd, &OnRecord, (void*)GCHandle.ToIntPtr(_self), null);
        if (opened == 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            _self.Free();
            throw new BpfException("map the ring buffer", errno, LibBpfLog.Take());
        }

        _ring = RingBufferHandle.Own(opened);
        Watch(ring);
    }

    /// <summary>Blocks until the producer asks for attention (a quarter of the ring is used), <see cref="Wake"/>, or the time is over. One wait may be for two rings,
    /// and for a descriptor that can be read.</summary>
    internal void Wait(TimeSpan timeout, RingReader? other = null, SafeFileHandle? file = null)
    {
        var fds = stackalloc LibC.PollFd[4];
        fds[0] = new() { Fd = (int)_asked.File.DangerousGetHandle(), Events = LibC.PollIn };
        fds[1] = new() { Fd = (int)_wake.File.DangerousGetHandle(), Events = LibC.PollIn };
        fds[2] = new() { Fd = other is null ? -1 : (int)other._asked.File.DangerousGetHandle(), Events = LibC.PollIn };
        fds[3] = new() { Fd = file is null ? -1 : (int)file.DangerousGetHandle(), Events = LibC.PollIn };
        if (LibC.poll(fds, 4, (int)timeout.TotalMilliseconds) <= 0)
        {
            return;
        }

        _asked.Wait(TimeSpan.Zero);
        other?._asked.Wait(TimeSpan.Zero);
        if ((fds[1].Revents & LibC.PollIn) != 0)
        {
            _wake.Take();
        }
    }

    internal void Wake() => _wake.Ring();

    /// <summary>Hands out everything that waits; the number of records.</summary>
    internal int Drain(Consumer consumer)
    {
        _consumer = consumer;
        var count = LibBpf.ring_buffer__consume(_ring);
        _consumer = null;
        if (_failure is { } failure)
        {
            _failure = null;
            failure.Throw();
        }

        return count >= 0 ? count : throw new BpfException("read the ring buffer", -count);
    }

    public void Dispose()
    {
        _ring.Dispose();
        _wake.Dispose();
        _asked.Dispose();
        if (_self.IsAllocated)
        {
            _self.Free();
        }
    }

    private void Watch(BpfMap ring)
    {
        using var file = new SafeFileHandle(ring.Fd, ownsHandle: false);
        try
        {
            _asked.AddRung(file);
        }
        catch (BpfException)
        {
            Dispose();
            throw;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnRecord(void* context, void* data, nuint size)
    {
        var self = (RingReader)GCHandle.FromIntPtr((nint)context).Target!;
        try
        {
            self._consumer!(new ReadOnlySpan<byte>(data, (int)size));
            return 0;
        }
#pragma warning disable CA1031 // An exception must not unwind through libbpf; Drain throws it again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            self._failure = ExceptionDispatchInfo.Capture(e);
            return -Errno.Invalid;
        }
    }
}
