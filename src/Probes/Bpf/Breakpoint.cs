using System.Runtime.InteropServices;
using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Bpf;

/// <summary>
/// Hardware breakpoints for single processes. There are four of them, so they are for moments; what they have before other
/// probes is that they work at once.
/// </summary>
internal static unsafe class Breakpoint
{
    private const int AttributeBytes = 128;
    private const int SoftwareKind = 1;
    private const int SoftwareDummy = 9;
    private const int BreakpointKind = 5;
    private const int Execute = 4;
    private const ulong NeverExecuted = 0x1000; // below what may be mapped
    private const ulong ExcludeKernelAndHypervisor = (1 << 5) | (1 << 6);

    /// <summary>
    /// As long as some event of this kind is open, opening one more takes no time; the first waits for a grace period of the
    /// kernel.
    /// </summary>
    /// <exception cref="BpfException">The kernel gives no perf events.</exception>
    public static IDisposable KeepReady()
    {
        Span<byte> attribute = stackalloc byte[AttributeBytes];
        Fill(attribute, SoftwareKind, SoftwareDummy);
        var fd = Open(attribute, pid: 0);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw new BpfException("open a perf event", Marshal.GetLastPInvokeError());
    }

    /// <summary>Tries one on this process, where it is never met.</summary>
    /// <exception cref="BpfException">There are none on this machine, or none for this process or this program.</exception>
    public static void Require(BpfObject bpf, string program)
    {
        try
        {
            Attach(bpf, program, pid: 0, NeverExecuted).Dispose();
        }
        catch (BpfException e) when (e.Errno == Errno.NoSpace)
        {
            // Somebody else has all of them at the moment.
        }
    }

    /// <summary>Runs the program each time when the process is about to execute the address; null when it cannot be had.</summary>
    public static IDisposable? TryAttach(BpfObject bpf, string program, uint pid, ulong address)
    {
        try
        {
            return Attach(bpf, program, pid, address);
        }
        catch (BpfException)
        {
            return null; // the process has gone, or all are in use
        }
    }

    private static BpfLinkHandle Attach(BpfObject bpf, string program, uint pid, ulong address)
    {
        Span<byte> attribute = stackalloc byte[AttributeBytes];
        Fill(attribute, BreakpointKind, 0);
        MemoryMarshal.Write(attribute[16..], 1ul);                  // sample_period: each time
        MemoryMarshal.Write(attribute[52..], Execute);              // bp_type
        MemoryMarshal.Write(attribute[56..], address);              // bp_addr
        MemoryMarshal.Write(attribute[64..], (ulong)sizeof(nint));  // bp_len
        var fd = Open(attribute, (int)pid);
        if (fd < 0)
        {
            throw new BpfException("open a hardware breakpoint", Marshal.GetLastPInvokeError());
        }

        try
        {
            return bpf.AttachPerfEvent(program, fd);
        }
        catch (BpfException)
        {
            new SafeFileHandle(fd, ownsHandle: true).Dispose();
            throw;
        }
    }

    /// <summary>struct perf_event_attr, as far as all kinds have it.</summary>
    private static void Fill(Span<byte> attribute, int kind, ulong config)
    {
        attribute.Clear();
        MemoryMarshal.Write(attribute, kind);
        MemoryMarshal.Write(attribute[4..], AttributeBytes);
        MemoryMarshal.Write(attribute[8..], config);
        MemoryMarshal.Write(attribute[40..], ExcludeKernelAndHypervisor);
    }

    private static int Open(ReadOnlySpan<byte> attribute, int pid)
    {
        fixed (byte* bytes = attribute)
        {
            return LibC.OpenProcessEvent(bytes, pid);
        }
    }
}
