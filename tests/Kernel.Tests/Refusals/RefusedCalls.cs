using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Refusals;

/// <summary>
/// Stands for a host that does not allow some commands of bpf(2), or perf_event_open(2): a seccomp filter answers EPERM. It holds for
/// the thread that asked for it and for those that this one starts, until they end, so that only a thread made for it may ask. Needs root.
/// </summary>
internal static unsafe partial class RefusedCalls
{
    /// <summary>BPF_LINK_CREATE: uprobe_multi, uprobes with a link, iterators.</summary>
    public const int LinkCreate = 28;

    /// <summary>BPF_RAW_TRACEPOINT_OPEN: raw_tp, and tp_btf where libbpf makes no link.</summary>
    public const int RawTracepointOpen = 17;

    private const long BpfCall = 321;
    private const long PerfEventOpenCall = 298;
    private const long SocketCall = 41;
    private const int NetlinkFamily = 16;
    private const int SetSeccomp = 22; // PR_SET_SECCOMP
    private const int FilterMode = 2; // SECCOMP_MODE_FILTER
    private const uint Allow = 0x7fff0000;
    private const uint RefuseWithPerm = 0x00050001; // SECCOMP_RET_ERRNO | EPERM
    private const ushort LoadWord = 0x20; // BPF_LD | BPF_W | BPF_ABS
    private const ushort JumpIfEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    private const ushort Return = 0x06; // BPF_RET | BPF_K
    private const uint CallNumber = 0; // where struct seccomp_data has it
    private const uint FirstArgument = 16;

    // libbpf finds out once for the whole process whether the kernel has links for perf events: before anything is refused.
    private static readonly Lazy<bool> LibBpfKnows = new(() =>
    {
        using var bash = BpfObject.Open("bash");
        bash.Load();
        using var link = bash.AttachUprobe("bash_on_line", "/bin/bash", 0x1000, isReturn: true, cookie: 0);
        return !link.IsInvalid;
    });

    /// <summary>From here on this thread is refused these commands of bpf(2).</summary>
    public static void Bpf(params ReadOnlySpan<int> commands)
    {
        LibBpfKnows.Value.ShouldBeTrue();
        Filter(BpfCall, commands);
    }

    /// <summary>From here on this thread is refused perf_event_open(2).</summary>
    public static void PerfEvents() => Filter(PerfEventOpenCall, []);

    /// <summary>From here on this thread is refused netlink sockets.</summary>
    public static void Netlink() => Filter(SocketCall, [NetlinkFamily]);

    /// <param name="call">The system call's number.</param>
    /// <param name="firsts">Its first arguments that are refused; none: all.</param>
    private static void Filter(long call, ReadOnlySpan<int> firsts)
    {
        List<Instruction> code = [new(LoadWord, 0, 0, CallNumber), new(JumpIfEqual, 1, 0, (uint)call), new(Return, 0, 0, Allow)];
        if (firsts.Length > 0)
        {
            code.Add(new(LoadWord, 0, 0, FirstArgument));
            for (var i = 0; i < firsts.Length; i++)
            {
                code.Add(new(JumpIfEqual, (byte)(firsts.Length - i), 0, (uint)firsts[i]));
            }

            code.Add(new(Return, 0, 0, Allow));
        }

        code.Add(new(Return, 0, 0, RefuseWithPerm));
        fixed (Instruction* instructions = code.ToArray())
        {
            var program = new Program { Count = (ushort)code.Count, Instructions = instructions };
            prctl(SetSeccomp, FilterMode, (nint)(&program), 0, 0).ShouldBe(0, $"seccomp: errno {Marshal.GetLastPInvokeError()}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nint a, nint b, nint c, nint d);

    /// <summary>struct sock_filter.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Value);

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        internal ushort Count;
        internal Instruction* Instructions;
    }
}
