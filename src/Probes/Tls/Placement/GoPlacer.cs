using Iced.Intel;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>
/// Chooses where a Go function is probed: once on the way in, where rax, rbx, rcx and r14 are as the caller set them, and at every RET. A
/// uretprobe would put its own return address on a stack that Go moves.
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

        var points = instructions.Where(i => i.FlowControl == FlowControl.Return)
            .Select(i => new ProbePoint(call, ProbeMoment.GoReturn, i.IP)).ToList();
        if (points.Count == 0)
        {
            return (null, "it never returns");
        }

        var (entry, why) = Entry(code, instructions);
        points.Insert(0, new ProbePoint(call, ProbeMoment.Entry, entry));
        return (new CallPlacement(points, why), "");
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
