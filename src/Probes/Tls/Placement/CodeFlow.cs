using Iced.Intel;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>Every instruction that a function reaches, with what is proven about the registers on all ways there.</summary>
internal sealed class CodeFlow
{
    private const int MaxInstructions = 512;

    private readonly SortedDictionary<ulong, FunctionCode.Step> _steps = [];
    private readonly FunctionCode _code;
    private readonly CallingConvention _convention;

    private CodeFlow(FunctionCode code, CallingConvention convention)
    {
        _code = code;
        _convention = convention;
    }

    internal IReadOnlyDictionary<ulong, FunctionCode.Step> Steps => _steps;

    /// <summary>Null when the code leads to where it cannot be followed: out of what was read, or to too much.</summary>
    internal static CodeFlow? Of(FunctionCode code, CallingConvention convention = CallingConvention.SystemV)
    {
        var flow = new CodeFlow(code, convention);
        var facts = new InstructionInfoFactory();
        var open = new Queue<(ulong Address, RegisterState State)>([(code.Address, RegisterState.AtEntry(convention))]);
        while (open.TryDequeue(out var next))
        {
            if (flow._steps.TryGetValue(next.Address, out var known))
            {
                var state = known.Before;
                if (!state.Meet(next.State))
                {
                    continue;
                }

                next.State = state;
            }

            if (flow._steps.Count > MaxInstructions || code.From(next.Address).Take(1).ToList() is not [var instruction])
            {
                return null;
            }

            flow._steps[next.Address] = new(instruction, next.State);
            next.State.Step(instruction, facts);
            foreach (var successor in flow.Successors(instruction))
            {
                open.Enqueue((successor, next.State));
            }
        }

        return flow;
    }

    /// <summary>Where it goes on in the function; nowhere behind a return, a jump elsewhere, or a call that does not return.</summary>
    internal IEnumerable<ulong> Successors(Instruction instruction)
    {
        if (Branch.Target(instruction) is { } target && _code.Contains(target) && !IsStartAgain(target))
        {
            yield return target;
        }

        if (instruction.FlowControl is FlowControl.Next or FlowControl.ConditionalBranch or FlowControl.Call or FlowControl.IndirectCall
            && !IsStackCheck(instruction))
        {
            yield return instruction.NextIP;
        }
    }

    private bool IsStartAgain(ulong target) => _convention == CallingConvention.Go && target == _code.Address;

    // __stack_chk_fail: what stands behind the call is padding or another function.
    private bool IsStackCheck(in Instruction call) =>
        call.FlowControl == FlowControl.Call && _convention == CallingConvention.SystemV
            && _code.From(call.NextIP).Take(1).All(i => i.Mnemonic == Mnemonic.Nop || i.Mnemonic == Mnemonic.Endbr64);
}
