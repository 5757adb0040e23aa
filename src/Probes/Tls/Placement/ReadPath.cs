using Iced.Intel;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>
/// Follows a read of OpenSSL from the exported functions to the one that all of them end in: SSL_read and SSL_read_ex call an inner
/// function, which jumps through the table of the protocol's methods to one (ssl3_read) that adds an argument and jumps on. Each step is
/// held against what the step before passes on.
/// </summary>
internal static class ReadPath
{
    private const int MaxReadFunction = 512;

    /// <summary>Where all reads end; null when one of the steps is not as it must be.</summary>
    /// <param name="read">SSL_read.</param>
    /// <param name="readEx">SSL_read_ex; null where there is none.</param>
    /// <param name="methods">TLS_method and its like.</param>
    /// <param name="open">Gives the code at an address.</param>
    /// <param name="pointer">Gives the pointer to code that stands at an address once the library is loaded; 0 where none does.</param>
    internal static FunctionCode? End(
        FunctionCode read, FunctionCode? readEx, IReadOnlyList<FunctionCode> methods, Func<ulong, FunctionCode> open, Func<ulong, ulong> pointer)
    {
        if (methods.Count == 0 || InnerResult.Find(read, Line(read)).Place is null || InnerCall(read, 3, thirdIsInt: true) is not { } inner
            || (readEx is not null && InnerCall(readEx, 4, thirdIsInt: false) != inner) || Slot(open(inner)) is not { } slot)
        {
            return null;
        }

        ulong? end = null;
        foreach (var method in methods)
        {
            if (Table(method) is not { } table || pointer(table + slot) is not (> 0 and var function) || Next(open(function)) is not { } next
                || (end is not null && end != next))
            {
                return null;
            }

            end = next;
        }

        return open(end!.Value);
    }

    private static List<FunctionCode.Step> Line(FunctionCode code) => code.StraightLine(RegisterState.AtEntry());

    private static ulong? InnerCall(FunctionCode code, int arguments, bool thirdIsInt)
    {
        var call = Line(code).Find(s => s.Instruction.FlowControl is FlowControl.Call or FlowControl.IndirectCall);
        return call.Instruction.FlowControl == FlowControl.Call && call.Before.HoldsArguments(arguments, thirdIsInt)
            ? call.Instruction.NearBranchTarget
            : null;
    }

    /// <summary>Which of the methods the inner function jumps to with its own arguments; of several jumps, all to the same.</summary>
    private static ulong? Slot(FunctionCode code)
    {
        ulong? slot = null;
        var jumps = 0;
        foreach (var step in CodeFlow.Of(code)?.Steps.Values ?? [])
        {
            if (step.Instruction.FlowControl != FlowControl.IndirectBranch)
            {
                continue;
            }

            var load = LoadBefore(code, step.Instruction);
            if (!step.Before.HoldsArguments(4, thirdIsInt: false) || step.Before[Register.RSP] != RegisterValue.Stack(0) || load is null || jumps++ > 0)
            {
                return null;
            }

            slot = load;
        }

        return slot;
    }

    /// <summary>The offset in "mov rax, [rax + offset]" when that is the last to change rax before "jmp rax".</summary>
    private static ulong? LoadBefore(FunctionCode code, in Instruction jump)
    {
        var facts = new InstructionInfoFactory();
        var at = jump.IP;
        var last = code.Sweep().TakeWhile(i => i.IP < at).LastOrDefault(i => Changes.Rax(i, facts));
        return jump.Op0Kind == OpKind.Register && jump.Op0Register == Register.RAX && last.Mnemonic == Mnemonic.Mov
            && last.Op0Register == Register.RAX && last.Op1Kind == OpKind.Memory && last.MemoryBase == Register.RAX
            && last.MemoryIndex == Register.None
            ? last.MemoryDisplacement64
            : null;
    }

    /// <summary>What a function of two instructions returns the address of.</summary>
    private static ulong? Table(FunctionCode method)
    {
        var code = method.Sweep().SkipWhile(i => i.Mnemonic == Mnemonic.Endbr64).Take(2).ToList();
        return code is [{ Mnemonic: Mnemonic.Lea, Op0Register: Register.RAX, IsIPRelativeMemoryOperand: true } lea, { FlowControl: FlowControl.Return }]
            ? lea.IPRelativeMemoryAddress
            : null;
    }

    /// <summary>Where ssl3_read jumps: with its first three arguments, 0 in place of the fourth, which becomes the fifth.</summary>
    private static ulong? Next(FunctionCode code)
    {
        var line = Line(code);
        var jump = line.Count > 0 ? line[^1] : default;
        var state = jump.Before;
        return jump.Instruction.FlowControl == FlowControl.UnconditionalBranch && Branch.Target(jump.Instruction) is { } target
            && jump.Instruction.IP - code.Address < MaxReadFunction && line.TrueForAll(s => s.Instruction.FlowControl != FlowControl.Call)
            && state.HoldsArguments(3, thirdIsInt: false) && state[Register.RSP] == RegisterValue.Stack(0)
            && state[Register.RCX] == RegisterValue.Constant(0) && state[Register.R8] == RegisterValue.Argument(3)
            ? target
            : null;
    }
}
