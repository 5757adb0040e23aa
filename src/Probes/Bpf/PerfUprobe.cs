using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using EbpfActors.Probes.Native;
using EbpfActors.Probes.Processes;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Bpf;

/// <summary>
/// A uprobe as a perf event to which a program is tied by PERF_EVENT_IOC_SET_BPF, without a BPF link: for kernels and hosts that refuse
/// BPF_LINK_CREATE for perf events. The program has no attach cookie; where it may ask for it (Linux 5.15), it reads 0.
/// </summary>
internal static unsafe class PerfUprobe
{
    private const string EventSource = "/sys/bus/event_source/devices/uprobe/";
    private const string OnlineCpus = "/sys/devices/system/cpu/online";
    private const nuint SetBpf = 0x40042408; // PERF_EVENT_IOC_SET_BPF
    private const nuint Enable = 0x2400; // PERF_EVENT_IOC_ENABLE

    /// <summary>Attaches a program that was loaded as a plain uprobe, for every process. It stays attached until the descriptor is closed.</summary>
    /// <param name="bpf">The loaded object.</param>
    /// <param name="program">One of its programs, of type kprobe and without an expected attach type.</param>
    /// <param name="path">The file. A link to an open descriptor (/proc/self/fd/N) will do.</param>
    /// <param name="offset">Where in the file, in bytes.</param>
    /// <param name="isReturn">At the return of the function that begins there.</param>
    /// <exception cref="BpfException">The kernel has no such events (ENOENT), or refuses the file, the event or the program.</exception>
    internal static SafeFileHandle Attach(BpfObject bpf, string program, string path, ulong offset, bool isReturn)
    {
        var operation = string.Create(CultureInfo.InvariantCulture, $"attach {program} to {path} at {offset:x}");
        var probe = Open(operation, path, offset, isReturn);
        try
        {
            Check(LibC.ioctl(probe, SetBpf, bpf.ProgramFd(program)), operation);
            Check(LibC.ioctl(probe, Enable, 0), operation);
            return probe;
        }
        catch
        {
            probe.Dispose();
            throw;
        }
    }

    private static SafeFileHandle Open(string operation, string path, ulong offset, bool isReturn)
    {
        var kind = Number($"{EventSource}type") ?? throw new BpfException($"find perf events for uprobes in {EventSource}", Unread($"{EventSource}type"));
        fixed (byte* file = Encoding.UTF8.GetBytes(path + "\0"))
        {
            var attributes = new LibC.PerfEventAttributes
            {
                Kind = kind,
                Size = (uint)sizeof(LibC.PerfEventAttributes),
                Config = isReturn ? 1ul << ReturnBit() : 0,
                Config1 = (ulong)file,
                Config2 = offset,
            };

            // An event of all processes is opened on some CPU; its program runs on each.
            var probe = LibC.OpenPerfEvent(&attributes, (int)(Number(OnlineCpus) ?? 0));
            return DescriptorReserve.Own(probe, operation);
        }
    }

    /// <summary>The file says <c>config:BIT</c>.</summary>
    private static int ReturnBit() => (int)(Number($"{EventSource}format/retprobe") ?? 0);

    /// <summary>The first number in a file of /sys; null when there is none.</summary>
    private static uint? Number(string path)
    {
        var digits = string.Concat(ProcessFiles.ReadLines(path)).SkipWhile(c => !char.IsAsciiDigit(c)).TakeWhile(char.IsAsciiDigit);
        return uint.TryParse(string.Concat(digits), CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>Why a file has no number: a process that is out of descriptors has not lost its uprobes.</summary>
    private static int Unread(string path)
    {
        using var file = ProcessFiles.Open(path);
        return file is null ? Marshal.GetLastPInvokeError() : Errno.NoEntry;
    }

    private static void Check(int result, string operation)
    {
        if (result < 0)
        {
            throw new BpfException(operation, Marshal.GetLastPInvokeError());
        }
    }
}
