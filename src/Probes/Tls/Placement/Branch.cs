using Iced.Intel;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>Direct jumps inside code; calls are none.</summary>
internal static class Branch
{
    /// <summary>Where it may jump to; null for anything but a direct jump.</summary>
    internal static ulong? Target(in Instruction instruction) =>
        instruction.FlowControl is FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch
            && instruction.Op0Kind == OpKind.NearBranch64
            ? instruction.NearBranchTarget
            : null;
}
