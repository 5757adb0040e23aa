using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfActors.Agent.Configuration;
using EbpfActors.Agent.Configuration.Settings;

namespace EbpfActors.Agent.CommandLine;

/// <summary>
/// One command line option per setting that has a flag. Every option may be repeated, since DataKit appends flags made
/// from its keys to flags that the user wrote in <c>args</c>.
/// </summary>
internal sealed class SettingFlags
{
    private const int Many = 1000;

    private readonly ImmutableArray<(Setting Setting, Option<string[]> Option)> _flags =
        [.. SettingCatalog.All.Where(s => !s.Flags.IsEmpty).Select(s => (s, ToOption(s)))];

    public void AddTo(Command command)
    {
        foreach (var (_, option) in _flags)
        {
            command.Add(option);
        }
    }

    public ImmutableArray<Given> Read(ParseResult parsed, Func<string, Source> source) =>
    [
        .. from flag in _flags
           let result = parsed.GetResult(flag.Option)
           where result is { Implicit: false }
           select new Given(flag.Setting, Values(flag.Setting, result), source(result.IdentifierToken?.Value ?? flag.Option.Name)),
    ];

    private static Option<string[]> ToOption(Setting setting)
    {
        var bare = setting.Shape == TomlShape.Boolean;
        return new Option<string[]>(setting.Flags[0], [.. setting.Flags.Skip(1)])
        {
            Description = setting.Default.IsEmpty ? setting.Help : $"{setting.Help} [{string.Join(",", setting.Default)}]",
            HelpName = bare ? "true|false" : setting.ValueName,
            Arity = new ArgumentArity(bare ? 0 : 1, Many),
            Hidden = setting.Unused,
        };
    }

    private static ImmutableArray<string> Values(Setting setting, OptionResult result)
    {
        var tokens = result.Tokens.Select(t => t.Value);
        return setting.Shape switch
        {
            // A bare switch means true, and so does one that is repeated bare after a value.
            TomlShape.Boolean => [tokens.LastOrDefault() ?? "true"],
            TomlShape.List => [.. tokens.SelectMany(t => t.Split(setting.Separators.ToCharArray()))],
            _ => [.. tokens],
        };
    }
}
