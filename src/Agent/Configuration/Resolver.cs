using System.Collections.Immutable;
using EbpfActors.Agent.Configuration.Settings;

namespace EbpfActors.Agent.Configuration;

/// <summary>
/// Takes for every setting the value of the strongest layer, and notes every problem of every layer: one that a flag
/// hides today bites when the flag goes.
/// </summary>
internal sealed class Resolver
{
    private readonly ILookup<string, Given> _givens;
    private readonly List<ConfigurationProblem> _problems;
    private readonly List<EffectiveValue> _effective = [];

    /// <param name="givens">Every layer's values, in any order.</param>
    /// <param name="problems">Problems known so far; more are added.</param>
    public Resolver(IEnumerable<Given> givens, List<ConfigurationProblem> problems)
    {
        // The sort is stable: within a layer the order of reading stays.
        _givens = givens.Where(g => !g.SaysNothing).OrderBy(g => g.Source.Kind).ToLookup(g => g.Setting.Key);
        _problems = problems;
    }

    public IReadOnlyList<EffectiveValue> Effective => _effective;

    public T Resolve<T>(Setting<T> setting) => Resolve(setting, out _);

    public T Resolve<T>(Setting<T> setting, string fallback) => Resolve(setting with { Default = [fallback] }, out _);

    /// <summary>The winning value; <paramref name="source"/> tells who gave it. The default when the winner is wrong.</summary>
    public T Resolve<T>(Setting<T> setting, out Source source)
    {
        var given = _givens[setting.Key].ToList();
        var winner = given.FirstOrDefault();
        source = winner?.Source ?? Source.Default;
        foreach (var other in given.Skip(1))
        {
            Judge(setting, other);
        }

        var raw = winner?.Values ?? setting.Default;
        var parsed = winner is null ? setting.Parse(raw) : Judge(setting, winner);
        if (!parsed.Errors.IsEmpty)
        {
            return setting.Parse(setting.Default).Value;
        }

        _effective.Add(new EffectiveValue(setting.Key, Show(setting, parsed.Value, raw), source));
        return parsed.Value;
    }

    /// <summary>Tags of all layers together; for the same key the strongest layer's value.</summary>
    public ImmutableSortedDictionary<string, string> ResolveTags(Setting<ImmutableArray<KeyValuePair<string, string>>> setting)
    {
        var tags = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var given in _givens[setting.Key])
        {
            foreach (var (key, value) in Judge(setting, given).Value.Reverse().Where(t => tags.TryAdd(t.Key, t.Value)))
            {
                _effective.Add(new EffectiveValue($"{setting.Key}.{key}", value, given.Source));
            }
        }

        return tags.ToImmutable();
    }

    /// <summary>The strongest layer that says anything about the setting; <see cref="SourceKind.Default"/> when none does.</summary>
    public SourceKind StrongestLayer(Setting setting) => _givens[setting.Key].FirstOrDefault()?.Source.Kind ?? SourceKind.Default;

    /// <summary>The names under which settings without an effect were given and switched on.</summary>
    public IEnumerable<string> Unused() =>
        from given in _givens.SelectMany(g => g)
        where given.Setting.Unused && !UnusedSettings.ForSupervisor.Contains(given.Setting) && given.Values is not ["false"]
        select given.Source.Name;

    private Parsed<T> Judge<T>(Setting<T> setting, Given given)
    {
        var parsed = setting.Parse(given.Values);
        _problems.AddRange(parsed.Errors.Select(e => new ConfigurationProblem(given.Source.Name, e, given.Source.Line)));
        return parsed;
    }

    private static string Show<T>(Setting<T> setting, T value, ImmutableArray<string> raw)
    {
        var text = setting.Show is { } show ? show(value) : string.Join(", ", raw);
        return setting.Secret && text.Length > 0 ? "********" : text;
    }
}
