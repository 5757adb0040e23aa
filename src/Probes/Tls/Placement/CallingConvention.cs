namespace EbpfActors.Probes.Tls.Placement;

/// <summary>Where a function finds its arguments, and what it leaves to its caller.</summary>
internal enum CallingConvention
{
    SystemV,

    /// <summary>
    /// Go's own (ABIInternal). A call keeps no register; a function whose stack is too small has it moved and starts again with its arguments.
    /// </summary>
    Go,
}
