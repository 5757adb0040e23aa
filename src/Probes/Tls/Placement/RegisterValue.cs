namespace EbpfActors.Probes.Tls.Placement;

/// <summary>What is proven about a register.</summary>
/// <param name="Kind">What sort of thing it holds.</param>
/// <param name="Number">
/// <see cref="RegisterKind.Argument"/>: which, from 0. <see cref="RegisterKind.Stack"/>: bytes above the return address's place.
/// <see cref="RegisterKind.Constant"/>: the lower 32 bits, signed.
/// </param>
internal readonly record struct RegisterValue(RegisterKind Kind, long Number)
{
    internal static RegisterValue Argument(int number) => new(RegisterKind.Argument, number);

    internal static RegisterValue Stack(long offset) => new(RegisterKind.Stack, offset);

    internal static RegisterValue Constant(int value) => new(RegisterKind.Constant, value);
}

internal enum RegisterKind
{
    Unknown,

    /// <summary>What the caller passed, all 64 bits.</summary>
    Argument,

    /// <summary>What the caller passed, as an int: the lower 32 bits are the caller's.</summary>
    IntArgument,

    /// <summary>An address in the function's own frame.</summary>
    Stack,

    Constant,
}
