using Iced.Intel;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>Finds the instruction at which a function's entry costs least.</summary>
internal sealed class EntryFinder(FunctionCode code, List<FunctionCode.Step> line, int arguments, bool thirdIsInt)
{
    /// <summary>The first emulated instruction at which the arguments are the caller's; null when there is none.</summary>
    internal ulong? First() => Find(_ => true);

    /// <summary>The same, with the return address on top of the stack.</summary>
    internal ulong? FirstWithReturnAddress() => Find(s => s.Before[Register.RSP] == RegisterValue.Stack(0));

    // The first emulated instruction of the line: jumps and calls are emulated, so no way has left the line before it.
    private ulong? Find(Func<FunctionCode.Step, bool> alsoHolds)
    {
        foreach (var step in line)
        {
            if (EmulatedInstruction.Is(code.BytesOf(step.Instruction)))
            {
                return step.Before.HoldsArguments(arguments, thirdIsInt) && alsoHolds(step) && !IsPassedAgain(step.Instruction.IP)
                    ? step.Instruction.IP
                    : null;
            }

            if (step.Instruction.FlowControl != FlowControl.Next)
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>True when the function jumps back to it or before it: it would be counted twice in one call.</summary>
    private bool IsPassedAgain(ulong address)
    {
        foreach (var instruction in code.Sweep())
        {
            if (Branch.Target(instruction) is { } target && target >= code.Address && target <= address)
            {
                return true;
            }
        }

        return false;
    }
}
