namespace EbpfActors.Probes.Tls.Placement;

/// <summary>Where one function is probed.</summary>
/// <param name="Points">With virtual addresses in place of offsets in the file.</param>
/// <param name="Why">Null when the points are the cheap, moved ones; otherwise what spoke against them.</param>
internal sealed record CallPlacement(IReadOnlyList<ProbePoint> Points, string? Why)
{
    internal static CallPlacement Moved(params ProbePoint[] points) => new(points, null);

    internal static CallPlacement Plain(string why, params ProbePoint[] points) => new(points, why);
}
