using System.Globalization;
using System.Text;

namespace EbpfActors.FakeDataKit;

/// <summary>Reads line protocol the way DataKit does and says what is wrong with a line. Shares no code with what it checks.</summary>
public static class LineParser
{
    /// <summary>Splits a body into lines; a newline inside a quoted field does not end one.</summary>
    public static IReadOnlyList<string> Lines(string body)
    {
        List<string> lines = [];
        var start = 0;
        var (inFields, quoted) = (false, false);
        for (var i = 0; i < body.Length; i++)
        {
            switch (body[i])
            {
                case '\\':
                    i++;
                    break;
                case ' ' when !quoted:
                    inFields = true;
                    break;
                case '"' when inFields:
                    quoted = !quoted;
                    break;
                case '\n' when !quoted:
                    lines.Add(body[start..i]);
                    start = i + 1;
                    inFields = false;
                    break;
            }
        }

        if (start < body.Length)
        {
            lines.Add(body[start..]);
        }

        return lines;
    }

    public static ParsedPoint Parse(string line)
    {
        var at = 0;
        var measurement = Name(line, ref at, ", ");
        Require(measurement.Length > 0, "missing measurement");
        Dictionary<string, string> tags = [];
        List<string> order = [];
        while (at < line.Length && line[at] == ',')
        {
            at++;
            var key = Name(line, ref at, "=, ");
            Require(at < line.Length && line[at] == '=', "missing tag value");
            Require(key.Length > 0, "missing tag key");
            at++;
            var value = Name(line, ref at, ", =");
            Require(at >= line.Length || line[at] != '=', "invalid tag format");
            Require(value.Length > 0, "missing tag value");
            Require(!value.EndsWith('\\'), "invalid tag format");
            Require(tags.TryAdd(key, value), "duplicate tags");
            order.Add(key);
        }

        Require(at < line.Length && line[at] == ' ', "missing fields");
        var fields = Fields(line, ref at);
        long? time = null;
        if (at < line.Length)
        {
            Require(long.TryParse(line.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var ns), "bad timestamp");
            time = ns;
        }

        return new ParsedPoint(measurement, tags, order, fields, time);
    }

    private static Dictionary<string, object> Fields(string line, ref int at)
    {
        Dictionary<string, object> fields = [];
        do
        {
            at++;
            var key = Name(line, ref at, "=, ");
            Require(key.Length > 0 && at < line.Length && line[at] == '=', "invalid field format");
            at++;
            fields[key] = at < line.Length && line[at] == '"' ? Quoted(line, ref at) : Bare(line, ref at);
        }
        while (at < line.Length && line[at] == ',');

        Require(at >= line.Length || line[at] == ' ', "invalid field format");
        return fields;
    }

    private static string Quoted(string line, ref int at)
    {
        var text = new StringBuilder();
        for (at++; at < line.Length && line[at] != '"'; at++)
        {
            if (line[at] == '\\' && at + 1 < line.Length && line[at + 1] is '"' or '\\')
            {
                at++;
            }

            text.Append(line[at]);
        }

        Require(at < line.Length, "unbalanced quotes");
        at++;
        return text.ToString();
    }

    private static object Bare(string line, ref int at)
    {
        var start = at;
        while (at < line.Length && line[at] is not (',' or ' '))
        {
            at++;
        }

        var text = line[start..at];
        Require(text.Length > 0, "missing field value");
        return text switch
        {
            "t" or "T" or "true" or "TRUE" or "True" => true,
            "f" or "F" or "false" or "FALSE" or "False" => false,
            [.. var digits, 'i'] when long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => number,
            _ => throw new FormatException("invalid number"),
        };
    }

    /// <summary>Up to the first of the stops that no backslash precedes; a backslash before anything else is itself.</summary>
    private static string Name(string line, ref int at, string stops)
    {
        var text = new StringBuilder();
        for (; at < line.Length && !stops.Contains(line[at], StringComparison.Ordinal); at++)
        {
            Require(!char.IsControl(line[at]), "control character in a name");
            if (line[at] == '\\' && at + 1 < line.Length && line[at + 1] is ',' or ' ' or '=')
            {
                at++;
            }

            text.Append(line[at]);
        }

        return text.ToString();
    }

    private static void Require(bool holds, string reason)
    {
        if (!holds)
        {
            throw new FormatException(reason);
        }
    }
}

/// <summary>One point as it was read. Values are long, double, bool or string.</summary>
public sealed record ParsedPoint(
    string Measurement,
    IReadOnlyDictionary<string, string> Tags,
    IReadOnlyList<string> TagOrder,
    IReadOnlyDictionary<string, object> Fields,
    long? Time);
