using System.Runtime.CompilerServices;
using Iced.Intel;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>What is proven about the general registers at one instruction. A copy is a snapshot.</summary>
internal struct RegisterState
{
    private static readonly Register[] SystemVArguments = [Register.RDI, Register.RSI, Register.RDX, Register.RCX, Register.R8, Register.R9];

    private static readonly Register[] GoArguments = [Register.RAX, Register.RBX, Register.RCX];

    private static readonly Register[] KeptBySystemV =
        [Register.RBX, Register.RSP, Register.RBP, Register.R12, Register.R13, Register.R14, Register.R15];

    private static readonly Register[] KeptByGo = [Register.RSP];

    private CallingConvention _convention;
    private Values _values;

    private readonly Register[] Arguments => _convention == CallingConvention.Go ? GoArguments : SystemVArguments;

    internal readonly RegisterValue this[Register register] => _values[Index(register)];

    /// <summary>At the first instruction of a function.</summary>
    internal static RegisterState AtEntry(CallingConvention convention = CallingConvention.SystemV)
    {
        var state = new RegisterState { _convention = convention };
        state.Set(Register.RSP, RegisterValue.Stack(0));
        for (var i = 0; i < state.Arguments.Length; i++)
        {
            state.Set(state.Arguments[i], RegisterValue.Argument(i));
        }

        return state;
    }

    /// <summary>True when the first <paramref name="count"/> arguments are where the caller put them; with an int as the third, if so said.</summary>
    internal readonly bool HoldsArguments(int count, bool thirdIsInt)
    {
        for (var i = 0; i < count; i++)
        {
            var value = this[Arguments[i]];
            if (value.Number != i || !(value.Kind == RegisterKind.Argument || (value.Kind == RegisterKind.IntArgument && i == 2 && thirdIsInt)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Where the operand's memory lies in the frame, as bytes above the return address's place; null when it is elsewhere or unknown.</summary>
    internal readonly long? StackAddress(in Instruction instruction) =>
        instruction.MemoryBase is >= Register.RAX and <= Register.R15 and var frame && instruction.MemoryIndex == Register.None
            && instruction.SegmentPrefix == Register.None && this[frame] is { Kind: RegisterKind.Stack } address
            ? address.Number + (long)instruction.MemoryDisplacement64
            : null;

    /// <summary>What holds on both of two ways; false when that is no less than before.</summary>
    internal bool Meet(in RegisterState other)
    {
        var isLess = false;
        for (var register = Register.RAX; register <= Register.R15; register++)
        {
            if (this[register] != other[register] && this[register] != default)
            {
                Set(register, default);
                isLess = true;
            }
        }

        return isLess;
    }

    /// <summary>What is left of the proofs behind the instruction.</summary>
    internal void Step(in Instruction instruction, InstructionInfoFactory facts)
    {
        var (before, stack) = (this, this[Register.RSP]);
        if (instruction.FlowControl is FlowControl.Call or FlowControl.IndirectCall)
        {
            ForgetWhatCallsMayChange();
            return;
        }

        foreach (var used in facts.GetInfo(instruction).GetUsedRegisters())
        {
            var full = used.Register.GetFullRegister();
            if (used.Access is not (OpAccess.Read or OpAccess.CondRead or OpAccess.NoMemAccess or OpAccess.None) && IsGeneral(full))
            {
                Set(full, default);
            }
        }

        if (Result(before, stack, instruction) is var (register, value))
        {
            Set(register, value);
        }
    }

    private static (Register, RegisterValue)? Result(in RegisterState before, RegisterValue stack, in Instruction i) => i.Mnemonic switch
    {
        Mnemonic.Push when stack.Kind == RegisterKind.Stack => (Register.RSP, RegisterValue.Stack(stack.Number - 8)),
        Mnemonic.Pop when stack.Kind == RegisterKind.Stack && i.Op0Kind == OpKind.Register && i.Op0Register != Register.RSP =>
            (Register.RSP, RegisterValue.Stack(stack.Number + 8)),
        Mnemonic.Sub or Mnemonic.Add when i.Op0Register == Register.RSP && IsImmediate(i) && stack.Kind == RegisterKind.Stack =>
            (Register.RSP, RegisterValue.Stack(stack.Number + (i.Mnemonic == Mnemonic.Add ? 1 : -1) * (long)i.GetImmediate(1))),
        Mnemonic.Lea when i.Op0Register.IsGPR64() && before.StackAddress(i) is { } address => (i.Op0Register, RegisterValue.Stack(address)),
        Mnemonic.Mov when i.Op0Kind == OpKind.Register && i.Op1Kind == OpKind.Register && i.Op0Register.IsGPR64() && IsGeneral(i.Op1Register) =>
            (i.Op0Register, before[i.Op1Register]),
        Mnemonic.Mov or Mnemonic.Movsxd when i.Op0Kind == OpKind.Register && i.Op1Kind == OpKind.Register && i.Op1Register.IsGPR32() =>
            (i.Op0Register.GetFullRegister(), Narrowed(before[i.Op1Register.GetFullRegister()])),
        Mnemonic.Mov when i.Op0Kind == OpKind.Register && i.Op0Register.IsGPR32() && IsImmediate(i) =>
            (i.Op0Register.GetFullRegister(), RegisterValue.Constant((int)i.GetImmediate(1))),
        Mnemonic.Xor when i.Op0Kind == OpKind.Register && i.Op1Kind == OpKind.Register && i.Op0Register == i.Op1Register
            && (i.Op0Register.IsGPR32() || i.Op0Register.IsGPR64()) => (i.Op0Register.GetFullRegister(), RegisterValue.Constant(0)),
        Mnemonic.Or when i.Op0Kind == OpKind.Register && i.Op0Register.IsGPR32() && IsImmediate(i) && (int)i.GetImmediate(1) == -1 =>
            (i.Op0Register.GetFullRegister(), RegisterValue.Constant(-1)),
        _ => null,
    };

    private static RegisterValue Narrowed(RegisterValue value) => value.Kind switch
    {
        RegisterKind.Argument => value with { Kind = RegisterKind.IntArgument },
        RegisterKind.IntArgument or RegisterKind.Constant => value,
        _ => default,
    };

    private static bool IsImmediate(in Instruction instruction) =>
        instruction.OpCount == 2 && instruction.Op1Kind is >= OpKind.Immediate8 and <= OpKind.Immediate32to64;

    private static bool IsGeneral(Register register) => register is >= Register.RAX and <= Register.R15;

    private static int Index(Register register) => register - Register.RAX;

    private void Set(Register register, RegisterValue value) => _values[Index(register)] = value;

    private void ForgetWhatCallsMayChange()
    {
        var kept = _convention == CallingConvention.Go ? KeptByGo : KeptBySystemV;
        for (var register = Register.RAX; register <= Register.R15; register++)
        {
            if (Array.IndexOf(kept, register) < 0)
            {
                Set(register, default);
            }
        }
    }

    [InlineArray(16)]
    private struct Values
    {
        private RegisterValue _first;
    }
}
