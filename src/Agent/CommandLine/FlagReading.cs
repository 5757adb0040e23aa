using System.Collections.Immutable;
using EbpfActors.Agent.Configuration;

namespace EbpfActors.Agent.CommandLine;

/// <summary>What a list of flags gave. <paramref name="Errors"/> are those of the form, not of the values.</summary>
internal sealed record FlagReading(ImmutableArray<Given> Givens, ImmutableArray<string> Errors, string? ConfigFile = null);
