using System.Collections.Immutable;
using System.CommandLine;
using EbpfActors.Agent.Configuration.Values;

namespace EbpfActors.Agent.CommandLine;

/// <summary>Says what is wrong with the form of a command line, and what may have been meant.</summary>
internal static class UsageErrors
{
    public static ImmutableArray<string> Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var names = command.Options.SelectMany(o => o.Aliases.Prepend(o.Name)).Concat(command.Subcommands.Select(c => c.Name)).ToList();
        var hints = parsed.UnmatchedTokens
            .Select(token => (token, near: Suggestion.Nearest(token.Split('=')[0], names)))
            .Where(pair => pair.near is not null)
            .ToList();
        return [.. parsed.Errors.Select(e => Complete(e.Message.TrimEnd('.'), hints))];
    }

    private static string Complete(string message, List<(string Token, string? Near)> hints)
    {
        var near = hints.FirstOrDefault(h => message.EndsWith($"'{h.Token}'", StringComparison.Ordinal)).Near;
        return near is null ? message : $"{message}; did you mean {near}?";
    }
}
