using Iced.Intel;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>The ways that reach the probed jump without having passed the inner call: early failures that share the function's end.</summary>
internal static class JoiningPaths
{
    /// <summary>
    /// True when each of them brings a return value of 0 or less, so that nobody takes it for a success, and none comes out before or at
    /// the call.
    /// </summary>
    internal static bool AllFail(FunctionCode code, List<FunctionCode.Step> line, int call, int point)
    {
        var (first, last) = (line[call].Instruction.IP, line[point].Instruction.IP);
        var facts = new InstructionInfoFactory();
        if (!AllFail(code.Sweep().ToList(), line, code.Address, first, last, facts))
        {
            return false;
        }

        foreach (var step in line.Take(point))
        {
            if (Branch.Target(step.Instruction) is { } target && !code.Contains(target))
            {
                var elsewhere = code.Elsewhere(target).ToList();
                // From there on to yet another place: more than is looked at.
                var known = elsewhere.TrueForAll(i => Branch.Target(i) is not { } next || code.Contains(next) || elsewhere.Exists(e => e.IP == next));
                if (elsewhere.Count == 0 || !known || !AllFail(elsewhere, line, code.Address, first, last, facts))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool AllFail(
        List<Instruction> block, List<FunctionCode.Step> line, ulong entry, ulong call, ulong point, InstructionInfoFactory facts)
    {
        for (var i = 0; i < block.Count; i++)
        {
            if (block[i].FlowControl == FlowControl.IndirectBranch)
            {
                return false;
            }

            if (Branch.Target(block[i]) is { } target && target >= entry && target <= point
                && (target <= call || !(FailsOnLine(line, block[i].IP) ?? FailsBefore(block, i, facts))))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Null when the jump is not one of the straight line's.</summary>
    private static bool? FailsOnLine(List<FunctionCode.Step> line, ulong jump)
    {
        var step = line.FindIndex(s => s.Instruction.IP == jump);
        return step < 0 ? null : line[step].Before[Register.RAX] is { Kind: RegisterKind.Constant, Number: <= 0 };
    }

    /// <summary>True when the last thing that happens to rax before the jump is to become 0 or less, on the only way there.</summary>
    private static bool FailsBefore(List<Instruction> block, int jump, InstructionInfoFactory facts)
    {
        for (var i = jump - 1; i >= 0; i--)
        {
            if (Changes.Rax(block[i], facts))
            {
                var state = new RegisterState();
                state.Step(block[i], facts);
                return state[Register.RAX] is { Kind: RegisterKind.Constant, Number: <= 0 }
                    && !block.Exists(b => Branch.Target(b) is { } target && target > block[i].IP && target <= block[jump].IP);
            }

            if (block[i].FlowControl is not (FlowControl.Next or FlowControl.ConditionalBranch))
            {
                return false;
            }
        }

        return false;
    }
}
