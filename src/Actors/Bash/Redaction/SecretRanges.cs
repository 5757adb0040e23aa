using System.Buffers;
using System.Text;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>The places of a text that hold secrets, and the text without them.</summary>
internal sealed class SecretRanges(string text)
{
    public const string Mask = "******";

    private const string Quotes = "\\\"'";

    private static readonly SearchValues<char> OfNames = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    private static readonly HashSet<string> Switches =
        new(["true", "false", "on", "off", "yes", "no", "none", "null", "basic", "digest", "bearer", "%s", ".*"], StringComparer.OrdinalIgnoreCase);

    private readonly List<(int Start, int End)> _ranges = [];
    private readonly List<(int Start, int End, bool EndsWithWord)> _values = [];
    private readonly Quoting[] _quoting = new Quoting[text.Length];

    public string Text => text;

    public void Add(int start, int end)
    {
        if (start < end)
        {
            _ranges.Add((start, end));
        }
    }

    /// <summary>
    /// The same, but what the shell puts in is no secret: a reference to a variable, or another command, which stays to be seen.
    /// What is put in shows when all words have been read.
    /// </summary>
    /// <param name="start">The value's first character.</param>
    /// <param name="end">Behind its last.</param>
    /// <param name="endsWithWord">It ends no later than the shell's word.</param>
    public void AddValue(int start, int end, bool endsWithWord = false)
    {
        if (start < end)
        {
            _values.Add((start, end, endsWithWord));
        }
    }

    /// <summary>What the shell that reads this part of the text makes of its characters.</summary>
    public void Mark(int start, int end, Quoting quoting) => _quoting.AsSpan(start, end - start).Fill(quoting);

    /// <param name="from">Where what is shown begins; what stands before is the text that it goes on from.</param>
    public string Masked(int from = 0)
    {
        _values.ForEach(v => AddParts(v.Start, v.End, v.EndsWithWord));
        _values.Clear();
        _ranges.RemoveAll(r => r.End <= from);
        if (_ranges.Count == 0)
        {
            return text[from..];
        }

        _ranges.Sort();
        var masked = new StringBuilder(text.Length);
        var at = from;
        foreach (var (start, end) in _ranges)
        {
            if (start >= at || masked.Length == 0)
            {
                masked.Append(text, at, Math.Max(0, start - at)).Append(Mask);
            }

            at = Math.Max(at, end);
        }

        return masked.Append(text, at, text.Length - at).ToString();
    }

    /// <summary>Hides what stands around the commands in a value, and behind one that the word goes on after.</summary>
    private void AddParts(int start, int end, bool endsWithWord)
    {
        var from = start;
        for (var at = start; at < end; at++)
        {
            if (Expands(at) && Substitution.Starts(text, at))
            {
                AddPart(from, at, isWhole: false);
                from = Substitution.End(text, at);
                end = from < end || _quoting[at] != Quoting.None ? end : WordEnd(from);
                at = from - 1;
            }
            else if (endsWithWord && EndsWord(at))
            {
                end = at;
            }
        }

        AddPart(from, end, isWhole: from == start);
    }

    private int WordEnd(int at)
    {
        while (at < text.Length && !EndsWord(at))
        {
            at++;
        }

        return at;
    }

    private bool EndsWord(int at) => _quoting[at] == Quoting.None && ShellWords.EndsWord(text[at]);

    private bool Expands(int at) => (_quoting[at] & Quoting.Literal) == 0;

    private void AddPart(int start, int end, bool isWhole)
    {
        while (!isWhole && start < end && Quotes.Contains(text[start], StringComparison.Ordinal))
        {
            start++;
        }

        while (!isWhole && start < end && Quotes.Contains(text[end - 1], StringComparison.Ordinal))
        {
            end--;
        }

        if (start < end && !IsNone(start, end))
        {
            Add(start, end);
        }
    }

    /// <summary>Where another value than a secret may stand, it is one of these.</summary>
    private static bool IsSwitch(ReadOnlySpan<char> raw) => Switches.GetAlternateLookup<ReadOnlySpan<char>>().Contains(raw);

    private bool IsNone(int start, int end)
    {
        // A word within a quoted word has its quotes behind backslashes.
        var raw = text.AsSpan(start, end - start);
        if (raw.Length >= 2 && raw[^1] == '"' && raw.TrimStart('\\') is ['"', ..])
        {
            start += raw.IndexOfAnyExcept(Quotes) is var quotes and >= 0 ? quotes : 0;
            raw = raw.Trim("\\\"");
        }

        if (raw is "" or "''" || IsSwitch(raw.Trim(Quotes)))
        {
            return true;
        }

        if (raw[0] != '$' || !Expands(start))
        {
            return false;
        }

        raw = raw.StartsWith("${") && raw.EndsWith("}") ? raw[2..^1] : raw[1..];
        return !raw.ContainsAnyExcept(OfNames);
    }
}
