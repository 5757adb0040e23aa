using Iced.Intel;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>What an instruction may change.</summary>
internal static class Changes
{
    internal static bool RaxOrMemory(in Instruction instruction, InstructionInfoFactory facts)
    {
        if (Rax(instruction, facts))
        {
            return true;
        }

        foreach (var memory in facts.GetInfo(instruction).GetUsedMemory())
        {
            if (IsWrite(memory.Access))
            {
                return true;
            }
        }

        return false;
    }

    internal static bool Rax(in Instruction instruction, InstructionInfoFactory facts)
    {
        if (instruction.FlowControl is FlowControl.Call or FlowControl.IndirectCall)
        {
            return true;
        }

        foreach (var used in facts.GetInfo(instruction).GetUsedRegisters())
        {
            if (used.Register.GetFullRegister() == Register.RAX && IsWrite(used.Access))
            {
                return true;
            }
        }

        return false;
    }

    internal static bool IsWrite(OpAccess access) =>
        access is OpAccess.Write or OpAccess.CondWrite or OpAccess.ReadWrite or OpAccess.ReadCondWrite;
}
