using System.Collections.Immutable;

namespace EbpfActors.Agent.Configuration;

/// <summary>Tags that every point gets, and where the host's files are seen from here.</summary>
public sealed record HostOptions
{
    /// <summary>Value of the tag <c>host</c>: <c>--hostname</c>, else the tag host, else the machine's name, else no-value.</summary>
    public required string HostTag { get; init; }

    /// <summary>Value of the tag <c>service</c>.</summary>
    public required string Service { get; init; }

    /// <summary>The user's other tags. They never overwrite a tag that the collector computed.</summary>
    public required ImmutableSortedDictionary<string, string> Tags { get; init; }

    /// <summary>The host's /proc as seen from here (<c>HOST_PROC</c>).</summary>
    public required string Proc { get; init; }

    /// <summary>The host's / as seen from here (<c>HOST_ROOT</c>).</summary>
    public required string Root { get; init; }
}
