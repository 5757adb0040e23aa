using Iced.Intel;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>
/// Proves of the function that all reads of OpenSSL end in (ssl3_read_internal) where its result is in eax for good while its arguments are
/// still in registers that calls keep. A probe there sees a whole read in one hit, one that had begun before it was attached too.
/// </summary>
internal static class ReadEnd
{
    private const int Session = 0;
    private const int Buffer = 1;
    private const int Peek = 3;
    private const int Count = 4;

    private static readonly Register[] Kept = [Register.RBX, Register.RBP, Register.R12, Register.R13, Register.R14, Register.R15];

    /// <summary>The points, each of them a jump that the kernel emulates; none when it is not proven.</summary>
    internal static List<ProbePoint> Find(FunctionCode code)
    {
        if (CodeFlow.Of(code) is not { } flow)
        {
            return [];
        }

        var points = new List<ProbePoint>();
        foreach (var call in flow.Steps.Values.Where(s => s.Instruction.FlowControl == FlowControl.IndirectCall))
        {
            if (NextJump(code, flow, call.Instruction.NextIP) is not { } jump || Registers(jump.Before) is not { } registers)
            {
                return [];
            }

            points.Add(new ProbePoint(TlsCall.AnyRead, ProbeMoment.Done, jump.Instruction.IP, Registers: registers));
        }

        return points.Count > 0 && AllReturnsAreSeenOnce(code, flow, points.ConvertAll(p => p.FileOffset)) ? points : [];
    }

    private static FunctionCode.Step? NextJump(FunctionCode code, CodeFlow flow, ulong from)
    {
        foreach (var instruction in code.From(from))
        {
            if (!flow.Steps.TryGetValue(instruction.IP, out var step))
            {
                return null;
            }

            if (instruction.FlowControl is FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch)
            {
                return EmulatedInstruction.Is(code.BytesOf(instruction)) ? step : null;
            }

            if (instruction.FlowControl is not (FlowControl.Next or FlowControl.Call))
            {
                return null;
            }
        }

        return null;
    }

    private static DoneRegisters? Registers(in RegisterState state)
    {
        var places = new int[5];
        foreach (var argument in (ReadOnlySpan<int>)[Session, Buffer, Peek, Count])
        {
            var kind = argument == Peek ? RegisterKind.IntArgument : RegisterKind.Argument;
            var copy = state;
            places[argument] = Array.FindIndex(Kept, r => copy[r] == new RegisterValue(kind, argument));
            if (places[argument] < 0)
            {
                return null;
            }
        }

        return new((byte)places[Session], (byte)places[Buffer], (byte)places[Count], (byte)places[Peek]);
    }

    /// <summary>
    /// True when no way reaches a return but through a point behind which rax does not change, and none through two with a result that is a
    /// success.
    /// </summary>
    private static bool AllReturnsAreSeenOnce(FunctionCode code, CodeFlow flow, List<ulong> points)
    {
        var facts = new InstructionInfoFactory();
        var seen = new HashSet<(ulong, bool, bool)>();
        var open = new Stack<(ulong Address, bool IsSeen, bool WasSuccess)>([(code.Address, false, false)]);
        while (open.TryPop(out var at))
        {
            if (!seen.Add(at))
            {
                continue;
            }

            var instruction = flow.Steps[at.Address].Instruction;
            var isPoint = points.Contains(at.Address);
            if ((isPoint && at.WasSuccess) || (instruction.FlowControl == FlowControl.Return && !at.IsSeen) || LeavesOtherwise(code, instruction))
            {
                return false;
            }

            var isSeen = isPoint || (at.IsSeen && !Changes.Rax(instruction, facts));
            foreach (var next in flow.Successors(instruction))
            {
                var failed = isPoint && next == instruction.NearBranchTarget && IsTakenForMinusOne(flow, instruction);
                open.Push((next, isSeen, at.WasSuccess || (isPoint && !failed)));
            }
        }

        return true;
    }

    private static bool LeavesOtherwise(FunctionCode code, in Instruction instruction) =>
        instruction.FlowControl == FlowControl.IndirectBranch || (Branch.Target(instruction) is { } target && !code.Contains(target));

    /// <summary>cmp eax, -1 and je right behind it.</summary>
    private static bool IsTakenForMinusOne(CodeFlow flow, Instruction jump)
    {
        var compare = flow.Steps.Values.FirstOrDefault(s => s.Instruction.NextIP == jump.IP).Instruction;
        return jump.Mnemonic == Mnemonic.Je && compare.Mnemonic == Mnemonic.Cmp && compare.Op0Kind == OpKind.Register
            && compare.Op0Register == Register.EAX && compare.Op1Kind is OpKind.Immediate8to32 or OpKind.Immediate32 && (int)compare.GetImmediate(1) == -1;
    }
}
