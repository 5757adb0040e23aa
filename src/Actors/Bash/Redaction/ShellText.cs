using System.Runtime.InteropServices;
using System.Text;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>
/// Text as a shell sees it once quotes and backslashes are gone, each character with its place in the line: what stands in quotes is
/// read as a command line in turn, and what is hidden is hidden in the line.
/// </summary>
internal sealed class ShellText
{
    private readonly StringBuilder _value = new();
    private readonly List<(int Start, int End, Quoting Quoting)> _places = [];
    private string? _text;

    public string Value => _text ??= _value.ToString();

    public int Length => _places.Count;

    public static ShellText Of(string line)
    {
        var text = new ShellText();
        for (var i = 0; i < line.Length; i++)
        {
            text.Add(line[i], i, i + 1, Redaction.Quoting.None);
        }

        return text;
    }

    /// <summary>Where in the line the character begins, with the backslash before it.</summary>
    public int Start(int index) => _places[index].Start;

    public int End(int index) => _places[index].End;

    public Quoting Quoting(int index) => _places[index].Quoting;

    /// <summary>Tells what a shell that reads this text makes of its characters.</summary>
    public void MarkIn(SecretRanges found, int from = 0)
    {
        foreach (var (start, end, quoting) in CollectionsMarshal.AsSpan(_places)[from..])
        {
            found.Mark(start, end, quoting);
        }
    }

    /// <summary>The same text for another shell, which has not read it yet.</summary>
    public ShellText Unread()
    {
        var text = new ShellText();
        for (var i = 0; i < Length; i++)
        {
            text.Add(Value[i], Start(i), End(i), Redaction.Quoting.None);
        }

        return text;
    }

    public void Add(char letter, int start, int end, Quoting quoting)
    {
        _value.Append(letter);
        _places.Add((start, end, quoting));
    }
}
