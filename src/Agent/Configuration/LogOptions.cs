namespace EbpfActors.Agent.Configuration;

/// <summary>Where the agent's own log goes. <paramref name="Target"/> is <c>stderr</c>, <c>stdout</c> or a path.</summary>
/// <param name="Target">Where to.</param>
/// <param name="Level">trace, debug, info, warn or error.</param>
/// <param name="Chosen">The user named the target; false when it is the default.</param>
public sealed record LogOptions(string Target, string Level, bool Chosen);
