namespace EbpfActors.Probes.Tls;

/// <summary>One place of a file to put a uprobe on.</summary>
/// <param name="Call">Whose code it is.</param>
/// <param name="Moment">What is to be read there.</param>
/// <param name="FileOffset">Of the instruction, in the file.</param>
/// <param name="StackOffset">For <see cref="ProbeMoment.InnerResult"/>: bytes above rsp where the count stands (a size_t).</param>
public readonly record struct ProbePoint(TlsCall Call, ProbeMoment Moment, ulong FileOffset, int StackOffset = 0);

/// <summary>The function that a point belongs to.</summary>
public enum TlsCall
{
#pragma warning disable CA1711 // OpenSSL's names.
    Read,
    ReadEx,
    Write,
    WriteEx,
#pragma warning restore CA1711
    Handshake,
    Free,
    BioWrite,
    GnuTlsRecv,
    GnuTlsSend,
    GnuTlsDeinit,
    GoRead,
    GoWrite,
}

/// <summary>What registers and stack hold at a point.</summary>
public enum ProbeMoment
{
    /// <summary>At the function's first instruction or a moved one: the arguments are still in rdi, rsi, rdx (Go: rax, rbx, rcx, r14).</summary>
    Entry,

    /// <summary>
    /// By a uretprobe at the point, which is the first instruction or one where the stack is as it was there: the result is in rax.
    /// </summary>
    Return,

    /// <summary>Behind the inner call: eax is positive when it worked, then the bytes are at rsp + StackOffset. Needs no uretprobe.</summary>
    InnerResult,

    /// <summary>At a RET of a Go function: rax is the count. A function has several.</summary>
    GoReturn,
}
