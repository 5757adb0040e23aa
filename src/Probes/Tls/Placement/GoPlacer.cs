using Iced.Intel;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>
/// Chooses where a Go function is probed. What is written is taken on the way in, where rax, rbx, rcx and r14 are as the caller set them;
/// what is read at every RET, and on the way in too where its arguments are gone by then. A uretprobe would put its own return address on a
/// stack that Go moves.
/// </summary>
internal static class GoPlacer
{
    private static readonly Register[] Kept = [Register.RAX, Register.RBX, Register.RCX, Register.R14];

    /// <summary>Null and why when the code is not understood to its end.</summary>
    internal static (CallPlacement? Placement, string Why) Place(TlsCall call, FunctionCode code)
    {
        var instructions = code.Sweep().ToList();
        if (instructions.Count == 0 || instructions[^1].NextIP != code.End)
        {
            return (null, "its code cannot be read");
        }

        var returns = instructions.Where(i => i.FlowControl == FlowControl.Return).Select(i => i.IP).ToList();
        if (returns.Count == 0)
        {
            return (null, "it never returns");
        }

        if (call == TlsCall.GoRead && SpilledArguments.Returns(code) is { Count: > 0 } whole)
        {
            return (CallPlacement.Moved([.. whole.Select(at => new ProbePoint(call, ProbeMoment.Done, at))]), "");
        }

        var (entry, why) = Entry(code, instructions);
        var points = call == TlsCall.GoRead ? returns.ConvertAll(at => new ProbePoint(call, ProbeMoment.GoReturn, at)) : [];
        return (new CallPlacement([new ProbePoint(call, ProbeMoment.Entry, entry), .. points], why), "");
    }

    /// <summary>
    /// The first emulated instruction behind the check of the stack's size: a function that needs more stack starts again from its first
    /// instruction and would be counted twice before.
    /// </summary>
    private static (ulong Address, string? Why) Entry(FunctionCode code, List<Instruction> instructions)
    {
        var facts = new InstructionInfoFactory();
        var check = instructions.FindIndex(i => i.FlowControl != FlowControl.Next);
        var behind = check >= 0 && StartsAgain(code, instructions, instructions[check]) ? check + 1 : 0;
        for (var i = behind; i < instructions.Count && instructions.Take(i).All(k => IsHarmless(k, facts)); i++)
        {
            if (EmulatedInstruction.Is(code.BytesOf(instructions[i])) && !IsJumpedTo(instructions, code.Address + 1, instructions[i].IP))
            {
                return (instructions[i].IP, null);
            }

            if (i > check && instructions[i].FlowControl != FlowControl.Next)
            {
                break;
            }
        }

        return (instructions[behind].IP, "no emulated instruction has the arguments");
    }

    private static bool StartsAgain(FunctionCode code, List<Instruction> instructions, in Instruction check) =>
        Branch.Target(check) is { } target && check.FlowControl == FlowControl.ConditionalBranch && code.Contains(target)
            && instructions.SkipWhile(i => i.IP < target).SkipWhile(i => i.FlowControl is not (FlowControl.UnconditionalBranch or FlowControl.Return))
                .Select(i => Branch.Target(i)).FirstOrDefault() == code.Address;

    private static bool IsHarmless(Instruction instruction, InstructionInfoFactory facts)
    {
        foreach (var used in facts.GetInfo(instruction).GetUsedRegisters())
        {
            if (Changes.IsWrite(used.Access) && Array.IndexOf(Kept, used.Register.GetFullRegister()) >= 0)
            {
                return false;
            }
        }

        return instruction.FlowControl is FlowControl.Next or FlowControl.ConditionalBranch;
    }

    private static bool IsJumpedTo(List<Instruction> instructions, ulong first, ulong last) =>
        instructions.Exists(i => Branch.Target(i) is { } target && target >= first && target <= last);
}
