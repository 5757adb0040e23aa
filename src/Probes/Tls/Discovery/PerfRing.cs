using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>The kernel's records of new executable mappings on one CPU. Not thread-safe.</summary>
internal sealed unsafe class PerfRing : IDisposable
{
    private const uint Software = 1;
    private const ulong Dummy = 9;
    private const ulong Mmap = 1UL << 8;
    private const ulong WakeupByBytes = 1UL << 14;
    private const ulong Mmap2 = 1UL << 23;
    private const int HeadOffset = 1024;
    private const int TailOffset = 1032;

    // Some 400 records: a CPU does not start that many programs between two looks.
    private const int DataPages = 16;

    private readonly SafeFileHandle _event;
    private readonly MappedMemoryHandle _memory;
    private readonly int _page = Environment.SystemPageSize;
    private readonly byte[] _across = new byte[ushort.MaxValue + 1];

    /// <exception cref="BpfException">The kernel refused.</exception>
    internal PerfRing(int cpu)
    {
        Cpu = cpu;
        var attributes = new LibC.PerfEventAttributes
        {
            Kind = Software,
            Size = (uint)sizeof(LibC.PerfEventAttributes),
            Config = Dummy,
            Flags = Mmap | Mmap2 | WakeupByBytes,
            WakeupWatermark = 1,
        };
        var opened = LibC.OpenPerfEvent(&attributes, cpu);
        if (opened < 0)
        {
            throw new BpfException($"watch mappings on CPU {cpu}", Marshal.GetLastPInvokeError());
        }

        _event = new SafeFileHandle(opened, ownsHandle: true);
        try
        {
            _memory = MappedMemoryHandle.Map(_event, (nuint)((DataPages + 1) * _page), $"map the records of CPU {cpu}");
        }
        catch (BpfException)
        {
            _event.Dispose();
            throw;
        }
    }

    /// <summary>Receives one record; the span dies with the call.</summary>
    internal delegate void Consumer(ReadOnlySpan<byte> record);

    internal int Cpu { get; }

    internal int Fd => (int)_event.DangerousGetHandle();

    /// <summary>Hands out what waits. False when the ring made no sense; then what was in it is thrown away.</summary>
    internal bool Drain(Consumer consumer)
    {
        var head = Volatile.Read(ref *(ulong*)(_memory.Address + HeadOffset));
        var tail = *(ulong*)(_memory.Address + TailOffset);
        var isSound = true;
        while (tail < head)
        {
            var header = Bytes(tail, Mmap2Record.HeaderSize);
            var size = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
            if (size < Mmap2Record.HeaderSize || tail + size > head)
            {
                (isSound, tail) = (false, head);
                break;
            }

            consumer(Bytes(tail, size));
            tail += size;
        }

        Volatile.Write(ref *(ulong*)(_memory.Address + TailOffset), tail);
        return isSound;
    }

    public void Dispose()
    {
        _memory.Dispose();
        _event.Dispose();
    }

    private ReadOnlySpan<byte> Bytes(ulong position, int length)
    {
        var data = _memory.Address + _page;
        var size = DataPages * _page;
        var at = (int)(position % (ulong)size);
        if (at + length <= size)
        {
            return new(data + at, length);
        }

        var first = size - at;
        new ReadOnlySpan<byte>(data + at, first).CopyTo(_across);
        new ReadOnlySpan<byte>(data, length - first).CopyTo(_across.AsSpan(first));
        return _across.AsSpan(0, length);
    }
}
