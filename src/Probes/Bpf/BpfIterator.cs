using System.Runtime.InteropServices;
using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Bpf;

/// <summary>A BPF iterator: each <see cref="Run"/> walks once over what it iterates and hands out the bytes that the program wrote.</summary>
internal sealed unsafe class BpfIterator(BpfLinkHandle link, string program) : IDisposable
{
    /// <summary>Receives whole and partial records in order; returns how many bytes it used, the rest comes again in front of the next.</summary>
    internal delegate int Consumer(ReadOnlySpan<byte> bytes);

    private readonly byte[] _buffer = new byte[64 * 1024];

    internal void Run(Consumer consume)
    {
        var fd = LibBpf.bpf_iter_create(LibBpf.bpf_link__fd(link));
        if (fd < 0)
        {
            throw new BpfException($"iterate {program}", -fd, LibBpfLog.Take());
        }

        using var file = new SafeFileHandle(fd, ownsHandle: true);
        var kept = 0;
        for (int got; (got = Read(file, kept)) > 0;)
        {
            var available = kept + got;
            var used = consume(_buffer.AsSpan(0, available));
            kept = available - used;
            _buffer.AsSpan(used, kept).CopyTo(_buffer);
        }
    }

    public void Dispose() => link.Dispose();

    private int Read(SafeFileHandle file, int offset)
    {
        fixed (byte* buffer = _buffer)
        {
            while (true)
            {
                var got = LibC.read(file, buffer + offset, (nuint)(_buffer.Length - offset));
                if (got >= 0)
                {
                    return (int)got;
                }

                // EAGAIN: a million objects were walked and nothing was written; the walk goes on with the next read.
                if (Marshal.GetLastPInvokeError() is var errno and not (Errno.Again or Errno.Interrupted))
                {
                    throw new BpfException($"read {program}", errno);
                }
            }
        }
    }
}
