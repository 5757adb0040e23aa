using System.Collections.Immutable;

namespace EbpfActors.Actors.Http;

/// <summary>
/// The latencies of one connection key in one flush window, nanoseconds. <paramref name="Sketch"/> is an HdrHistogram (V2,
/// not compressed) in microseconds, empty when nothing was counted: sketches of several keys, windows and hosts can be added up.
/// </summary>
public sealed record LatencySummary(long Count, ulong P50, ulong P95, ulong P99, ImmutableArray<byte> Sketch)
{
    public static readonly LatencySummary Nothing = new(0, 0, 0, 0, []);
}
