using System.Text;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>
/// Text as a shell sees it once quotes and backslashes are gone, each character with its place in the line: what stands in quotes is
/// read as a command line in turn, and what is hidden is hidden in the line.
/// </summary>
internal sealed class ShellText
{
    private readonly StringBuilder _value = new();
    private readonly List<(int Start, int End)> _places = [];
    private string? _text;

    public string Value => _text ??= _value.ToString();

    public int Length => _places.Count;

    public static ShellText Of(string line)
    {
        var text = new ShellText();
        for (var i = 0; i < line.Length; i++)
        {
            text.Add(line[i], i, i + 1);
        }

        return text;
    }

    /// <summary>Where in the line the character begins, with the backslash before it.</summary>
    public int Start(int index) => _places[index].Start;

    public int End(int index) => _places[index].End;

    public void Add(char letter, int start, int end)
    {
        _value.Append(letter);
        _places.Add((start, end));
    }
}
