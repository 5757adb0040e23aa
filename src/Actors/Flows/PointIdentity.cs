using System.Collections.Immutable;

namespace EbpfActors.Actors.Flows;

/// <summary>Who the points are from: the tags that every point carries. A user tag never overwrites a computed one.</summary>
public sealed record PointIdentity(string Host, string Service, ImmutableArray<KeyValuePair<string, string>> UserTags)
{
    /// <summary>The same without the user tags that this measurement cannot carry.</summary>
    public PointIdentity On(string measurement) => this with { UserTags = [.. Points.UserTags.Of(measurement, UserTags)] };
}
