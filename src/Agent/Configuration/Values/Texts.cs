using System.Globalization;
using EbpfActors.Agent.Configuration.Settings;

namespace EbpfActors.Agent.Configuration.Values;

/// <summary>Parsers of plain values: texts, numbers, switches, words and lists of words.</summary>
internal static class Texts
{
    public static readonly ValueParser<string> Any = Parsed.Last(Parsed.Ok);

    public static readonly ValueParser<IReadOnlyList<string>> List =
        values => Parsed.Ok<IReadOnlyList<string>>([.. values.Select(v => v.Trim()).Where(v => v.Length > 0)]);

    /// <summary>The words of both generations' switches.</summary>
    public static readonly ValueParser<bool> Switch = Parsed.Last(text => text.ToLowerInvariant() switch
    {
        "true" or "t" or "yes" or "y" or "1" or "on" => Parsed.Ok(true),
        "false" or "f" or "no" or "n" or "0" or "off" or "" => Parsed.Ok(false),
        _ => Parsed.Error<bool>($"\"{text}\" is neither true nor false"),
    });

    public static ValueParser<int> Number(int least, int most) => Parsed.Last(text =>
        !long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? Parsed.Error<int>($"\"{text}\" is not a whole number")
            : number < least || number > most
                ? Parsed.Error<int>($"{number} is out of range; use {least} to {most}")
                : Parsed.Ok((int)number));

    public static ValueParser<IReadOnlyList<ushort>> Ports(int most) => values =>
    {
        var texts = values.Select(v => v.Trim()).Where(v => v.Length > 0).Distinct().ToArray();
        var wrong = texts.Where(t => Port(t) == 0).Select(t => $"\"{t}\" is not a port; use 1 to 65535").ToList();
        if (texts.Length > most)
        {
            wrong.Add($"has {texts.Length} ports; {most} are possible");
        }

        return new Parsed<IReadOnlyList<ushort>>([.. texts.Select(Port)], [.. wrong]);
    };

    public static ValueParser<string> OneOf(params string[] words) => Parsed.Last(text =>
        words.Contains(text.ToLowerInvariant())
            ? Parsed.Ok(text.ToLowerInvariant())
            : Parsed.Error<string>(Unknown(text, words)));

    public static ValueParser<IReadOnlyList<string>> SomeOf(string kind, IReadOnlyList<string> words) => values =>
    {
        var unknown = values.Where(v => v.Length > 0 && !words.Contains(v));
        return new Parsed<IReadOnlyList<string>>(
            [.. values.Where(words.Contains).Distinct()],
            [.. unknown.Select(v => $"\"{v}\" is not a {kind}; {Suggestion.For(v, words)}")]);
    };

    private static ushort Port(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : (ushort)0;

    private static string Unknown(string text, string[] words) => $"\"{text}\" is not known; use {string.Join(", ", words)}";
}
