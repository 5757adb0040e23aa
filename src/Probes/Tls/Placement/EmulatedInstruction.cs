namespace EbpfActors.Probes.Tls.Placement;

/// <summary>
/// Which instructions the kernel carries out itself when a uprobe sits on them (arch/x86/kernel/uprobes.c, since 4.16). Every other one
/// is copied and single-stepped, which costs a second trap: in a virtual machine ten times the price.
/// </summary>
internal static class EmulatedInstruction
{
    /// <summary>Only what all kernels from 5.10 on emulate: longer nops are since 6.18, prefixes are refused.</summary>
    internal static bool Is(ReadOnlySpan<byte> instruction) => instruction switch
    {
        [0x90] => true, // nop
        [>= 0x50 and <= 0x57 and not 0x54] => true, // push
        [0x41, >= 0x50 and <= 0x57] => true, // push r8..r15
        [>= 0x70 and <= 0x7f, _] => true, // jcc, near
        [0x0f, >= 0x80 and <= 0x8f, _, _, _, _] => true, // jcc
        [0xeb, _] => true, // jmp, near
        [0xe9, _, _, _, _] => true, // jmp
        [0xe8, _, _, _, _] => true, // call
        _ => false,
    };
}
