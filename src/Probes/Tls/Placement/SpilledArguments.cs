using Iced.Intel;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>
/// Proves of a Go function that it keeps its receiver and the pointer of its first slice where its caller reserved room for them, above
/// the return address. A probe at a RET sees the whole call then, one that had begun before it was attached too.
/// </summary>
internal static class SpilledArguments
{
    /// <summary>Bytes above the return address's place. The same in bpf/tls/go.h.</summary>
    private const int ReceiverAt = 8;

    private const int PointerAt = 16;
    private const int End = 24;

    [Flags]
    private enum Spilled
    {
        None = 0,
        Receiver = 1,
        Pointer = 2,
        Both = Receiver | Pointer,
    }

    /// <summary>Every RET that the function reaches; none when the arguments are not proven to be there at one of them.</summary>
    internal static List<ulong> Returns(FunctionCode code)
    {
        if (CodeFlow.Of(code, CallingConvention.Go) is not { } flow || flow.Steps.Values.Any(s => TakesAddress(s)))
        {
            return [];
        }

        var facts = new InstructionInfoFactory();
        var known = new Dictionary<ulong, Spilled>();
        var open = new Stack<(ulong Address, Spilled Spilled)>([(code.Address, Spilled.None)]);
        while (open.TryPop(out var at))
        {
            var isKnown = known.TryGetValue(at.Address, out var before);
            var spilled = isKnown ? before & at.Spilled : at.Spilled;
            if (isKnown && spilled == before)
            {
                continue;
            }

            known[at.Address] = spilled;
            var step = flow.Steps[at.Address];
            foreach (var next in flow.Successors(step.Instruction))
            {
                open.Push((next, Behind(step, spilled, facts)));
            }
        }

        var returns = flow.Steps.Values.Where(s => s.Instruction.FlowControl == FlowControl.Return).ToList();
        return returns.TrueForAll(r => known[r.Instruction.IP] == Spilled.Both && r.Before[Register.RSP] == RegisterValue.Stack(0))
            ? returns.ConvertAll(r => r.Instruction.IP)
            : [];
    }

    // Whoever has the address of such a place may write there unseen.
    private static bool TakesAddress(in FunctionCode.Step step) =>
        step.Instruction.Mnemonic == Mnemonic.Lea && step.Before.StackAddress(step.Instruction) is >= ReceiverAt and < End;

    private static Spilled Behind(in FunctionCode.Step step, Spilled spilled, InstructionInfoFactory facts)
    {
        if (!facts.GetInfo(step.Instruction).GetUsedMemory().Any(m => Changes.IsWrite(m.Access))
            || step.Before.StackAddress(step.Instruction) is not { } address)
        {
            return spilled;
        }

        var bytes = step.Instruction.MemorySize.GetSize();
        return IsStore(step, address, ReceiverAt, argument: 0) ? spilled | Spilled.Receiver
            : IsStore(step, address, PointerAt, argument: 1) ? spilled | Spilled.Pointer
            : address < End && address + bytes > ReceiverAt ? Spilled.None
            : spilled;
    }

    private static bool IsStore(in FunctionCode.Step step, long address, int place, int argument) =>
        address == place && step.Instruction.Mnemonic == Mnemonic.Mov && step.Instruction.Op1Kind == OpKind.Register
            && step.Instruction.Op1Register.IsGPR64() && step.Before[step.Instruction.Op1Register] == RegisterValue.Argument(argument);
}
