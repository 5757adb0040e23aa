namespace EbpfActors.Probes.Tls;

/// <summary>One place of a file to put a uprobe on.</summary>
/// <param name="Call">Whose code it is.</param>
/// <param name="Moment">What is to be read there.</param>
/// <param name="FileOffset">Of the instruction, in the file.</param>
/// <param name="StackOffset">For <see cref="ProbeMoment.InnerResult"/>: bytes above rsp where the count stands (a size_t).</param>
/// <param name="Registers">For <see cref="ProbeMoment.Done"/>: which registers hold the arguments.</param>
public readonly record struct ProbePoint(
    TlsCall Call, ProbeMoment Moment, ulong FileOffset, int StackOffset = 0, DoneRegisters Registers = default);

/// <summary>Registers that a call keeps, by their place in rbx, rbp, r12, r13, r14, r15.</summary>
/// <param name="Session">Holds the SSL.</param>
/// <param name="Buffer">Holds where the plaintext is.</param>
/// <param name="Count">Holds where the number of bytes is.</param>
/// <param name="Peek">Its lower half is not 0 when nothing was consumed.</param>
public readonly record struct DoneRegisters(byte Session, byte Buffer, byte Count, byte Peek);

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

    /// <summary>What SSL_read and SSL_read_ex both call.</summary>
    AnyRead,
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

    /// <summary>
    /// Where every read of a library ends: eax is positive when it worked, <see cref="ProbePoint.Registers"/> say where the rest is. In Go: at a
    /// RET, with the arguments above the return address.
    /// </summary>
    Done,

    /// <summary>At a RET of a Go function that was probed on the way in: rax is the count. A function has several.</summary>
    GoReturn,
}
