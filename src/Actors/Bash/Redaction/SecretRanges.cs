using System.Text;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>The places of a text that hold secrets, and the text without them.</summary>
internal sealed class SecretRanges(string text)
{
    public const string Mask = "******";

    private readonly List<(int Start, int End)> _ranges = [];

    public string Text => text;

    public void Add(int start, int end)
    {
        if (start < end)
        {
            _ranges.Add((start, end));
        }
    }

    /// <summary>The same, unless the shell puts the value in: a reference to a variable or to another command is no secret.</summary>
    public void AddValue(int start, int end)
    {
        if (!IsReference(text.AsSpan(start, Math.Max(0, end - start))))
        {
            Add(start, end);
        }
    }

    public string Masked()
    {
        if (_ranges.Count == 0)
        {
            return text;
        }

        _ranges.Sort();
        var masked = new StringBuilder(text.Length);
        var at = 0;
        foreach (var (start, end) in _ranges)
        {
            if (start >= at)
            {
                masked.Append(text, at, start - at).Append(Mask);
            }

            at = Math.Max(at, end);
        }

        return masked.Append(text, at, text.Length - at).ToString();
    }

    private static bool IsReference(ReadOnlySpan<char> raw)
    {
        // A word within a quoted word has its quotes behind backslashes.
        raw = raw.Length >= 2 && raw[^1] == '"' && raw.TrimStart('\\') is ['"', ..] ? raw.Trim("\\\"") : raw;
        if (raw is "" or "$" || (raw.StartsWith("$(") && raw.EndsWith(")")))
        {
            return true;
        }

        if (raw[0] != '$')
        {
            return false;
        }

        raw = raw.StartsWith("${") && raw.EndsWith("}") ? raw[2..^1] : raw[1..];
        foreach (var letter in raw)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && letter != '_')
            {
                return false;
            }
        }

        return raw.Length > 0;
    }
}
