using Iced.Intel;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>
/// Proves where SSL_read and SSL_write learn their result: both pass their arguments on to an inner function together with the address of
/// a local variable for the count, and give that count back when the inner function returns more than 0. A probe on the conditional jump
/// behind that call reads both and needs no uretprobe.
/// </summary>
internal static class InnerResult
{
    private const int MaxStackOffset = 4096;
    private const int MaxUntilLoad = 4;

    /// <param name="Address">A conditional jump: eax is positive when it worked, then the count is at rsp + StackOffset.</param>
    /// <param name="StackOffset">Bytes.</param>
    internal readonly record struct Place(ulong Address, int StackOffset);

    internal static (Place? Place, string Why) Find(FunctionCode code, List<FunctionCode.Step> line)
    {
        var call = line.FindIndex(s => s.Instruction.FlowControl is FlowControl.Call or FlowControl.IndirectCall);
        if (call < 0 || !line[call].Before.HoldsArguments(3, thirdIsInt: true))
        {
            return (null, "its inner function is inlined");
        }

        var facts = new InstructionInfoFactory();
        var test = Next(line, call + 1, facts, i => i.Mnemonic == Mnemonic.Test && i.Op0Register == Register.EAX && i.Op1Register == Register.EAX);
        var decision = test < 0 ? -1 : Next(line, test + 1, facts, i => i.FlowControl == FlowControl.ConditionalBranch || IsMoveIfPositive(i));
        if (decision < 0 || line.GetRange(test + 1, decision - test - 1).Exists(s => s.Instruction.RflagsModified != 0))
        {
            return (null, "its inner call's result is not tested at once");
        }

        var (point, slot) = IsMoveIfPositive(line[decision].Instruction)
            ? (Next(line, decision + 1, facts, i => i.FlowControl == FlowControl.ConditionalBranch), Slot(line[decision]))
            : (decision, SlotWhenPositive(code, line[decision], facts));
        if (point < 0 || slot is not { } place || !IsPassed(line[call].Before, place))
        {
            return (null, "its count is not where the inner call was told to put it");
        }

        var jump = line[point];
        var offset = place - jump.Before[Register.RSP].Number;
        if (jump.Before[Register.RSP].Kind != RegisterKind.Stack || offset is < 0 or > MaxStackOffset
            || !EmulatedInstruction.Is(code.BytesOf(jump.Instruction)))
        {
            return (null, "the jump behind its inner call is none to probe");
        }

        return JoiningPaths.AllFail(code, line, call, point)
            ? (new Place(jump.Instruction.IP, (int)offset), "")
            : (null, "other ways lead behind its inner call");
    }

    /// <summary>The next such instruction with nothing in between that changes rax or memory; -1 when there is none.</summary>
    private static int Next(List<FunctionCode.Step> line, int from, InstructionInfoFactory facts, Func<Instruction, bool> wanted)
    {
        for (var i = from; i < line.Count; i++)
        {
            if (wanted(line[i].Instruction))
            {
                return i;
            }

            if (line[i].Instruction.FlowControl != FlowControl.Next || Changes.RaxOrMemory(line[i].Instruction, facts))
            {
                return -1;
            }
        }

        return -1;
    }

    private static bool IsMoveIfPositive(Instruction instruction) =>
        instruction.Mnemonic == Mnemonic.Cmovg && IsLoadToRax(instruction);

    private static bool IsLoadToRax(in Instruction instruction) =>
        instruction.Op0Kind == OpKind.Register && instruction.Op0Register is Register.EAX or Register.RAX && instruction.Op1Kind == OpKind.Memory;

    private static long? Slot(in FunctionCode.Step load) => load.Before.StackAddress(load.Instruction);

    /// <summary>What is loaded into rax on the side of the jump that is taken when eax is positive.</summary>
    private static long? SlotWhenPositive(FunctionCode code, in FunctionCode.Step jump, InstructionInfoFactory facts)
    {
        ulong? side = jump.Instruction.Mnemonic switch
        {
            Mnemonic.Jle => jump.Instruction.NextIP,
            Mnemonic.Jg => jump.Instruction.NearBranchTarget,
            _ => null,
        };
        if (side is not { } address)
        {
            return null;
        }

        var state = jump.Before;
        foreach (var instruction in code.From(address).Take(MaxUntilLoad))
        {
            if (instruction.Mnemonic == Mnemonic.Mov && IsLoadToRax(instruction))
            {
                return state.StackAddress(instruction);
            }

            if (instruction.FlowControl != FlowControl.Next || Changes.RaxOrMemory(instruction, facts))
            {
                return null;
            }

            state.Step(instruction, facts);
        }

        return null;
    }

    private static bool IsPassed(in RegisterState atCall, long slot)
    {
        foreach (var register in (ReadOnlySpan<Register>)[Register.RCX, Register.R8, Register.R9])
        {
            if (atCall[register] == RegisterValue.Stack(slot))
            {
                return true;
            }
        }

        return false;
    }
}
