namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>What a look into a file gave.</summary>
/// <param name="Flavour">Null when there is nothing to probe.</param>
/// <param name="Points">With offsets in the file.</param>
/// <param name="Placement">As in <see cref="TlsTarget"/>.</param>
/// <param name="Unrecognised">The TLS that the file brings along without a place to probe, for people to read; null otherwise.</param>
internal sealed record FileClassification(
    TlsFlavour? Flavour, IReadOnlyList<ProbePoint> Points, string Placement, string? Unrecognised = null)
{
    internal static readonly FileClassification Nothing = new(null, [], "");

    internal static FileClassification Unprobed(string what) => new(null, [], "", what);

    /// <summary>True for a program without TLS functions, which may still have TLS linked in.</summary>
    internal bool IsProgram { get; init; }
}
