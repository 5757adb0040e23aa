namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Reads one word. A quote that is not closed goes on to the end: the rest of it comes with the next line.</summary>
internal sealed class WordReader(ShellText source, int start)
{
    /// <summary>What a backslash takes its meaning from in double quotes; before anything else it stands for itself.</summary>
    private const string Escapable = "\"\\$`\n";

    private const Quoting Literal = Quoting.Quoted | Quoting.Literal;

    private readonly string _line = source.Value;
    private readonly ShellText _text = new();
    private readonly int _start = start;
    private int _at = start;
    private int _quoted = -1;

    public ShellWord Read(bool startsCommand)
    {
        while (_at < _line.Length && !ShellWords.EndsWord(_line[_at]))
        {
            switch (_line[_at])
            {
                case '\'': ReadSingleQuoted(); break;
                case '"': ReadDoubleQuoted(); break;
                case '\\' when ShellWords.Continues(_line, _at): _at += 2; break;
                case '\\': ReadEscaped(); break;
                case '$' when _at + 1 < _line.Length && _line[_at + 1] == '\'': ReadAnsiQuoted(); break;
                default: Take(); break;
            }
        }

        var end = source.End(_at - 1);
        var isInQuotes = _line[_start] is '"' or '\'' && _at - _start > 1 && _line[_at - 1] == _line[_start];
        return new ShellWord(
            _text, source.Start(_start), end, isInQuotes ? source.Start(_at - 1) : end, _quoted < 0 ? _text.Value.Length : _quoted, _at, startsCommand);
    }

    private void Take(Quoting quoting = Quoting.None)
    {
        _text.Add(_line[_at], source.Start(_at), source.End(_at), Settled(quoting));
        _at++;
    }

    /// <summary>In quotes that a shell has read, others are letters.</summary>
    private Quoting Settled(Quoting quoting) => source.Quoting(_at) == Quoting.None ? quoting : source.Quoting(_at);

    private void ReadEscaped()
    {
        _at++;
        if (_at < _line.Length)
        {
            _text.Add(_line[_at], source.Start(_at - 1), source.End(_at), Settled(Literal));
            _at++;
        }
    }

    private void OpenQuote(int length)
    {
        _quoted = _quoted < 0 ? _text.Length : _quoted;
        _at += length;
    }

    private void CloseQuote() => _at = Math.Min(_at + 1, _line.Length);

    private void ReadSingleQuoted()
    {
        OpenQuote(1);
        while (_at < _line.Length && _line[_at] != '\'')
        {
            Take(Literal);
        }

        CloseQuote();
    }

    private void ReadAnsiQuoted()
    {
        OpenQuote(2);
        while (_at < _line.Length && _line[_at] != '\'')
        {
            TakeOrUnescape(isEscape: _line[_at] == '\\', Literal);
        }

        CloseQuote();
    }

    private void ReadDoubleQuoted()
    {
        OpenQuote(1);
        while (_at < _line.Length && _line[_at] != '"')
        {
            if (_line[_at] == '$' && _at + 1 < _line.Length && _line[_at + 1] == '(')
            {
                ReadSubstitution();
            }
            else
            {
                TakeOrUnescape(IsEscape(), Quoting.Quoted);
            }
        }

        CloseQuote();
    }

    private bool IsEscape() => _line[_at] == '\\' && (_at + 1 == _line.Length || Escapable.Contains(_line[_at + 1], StringComparison.Ordinal));

    private void TakeOrUnescape(bool isEscape, Quoting quoting)
    {
        if (isEscape)
        {
            ReadEscaped();
        }
        else
        {
            Take(quoting);
        }
    }

    /// <summary>What stands in <c>"$( )"</c> has quotes of its own, and those may have substitutions. It is taken as it is.</summary>
    private void ReadSubstitution()
    {
        var open = new Stack<char>();
        Take();
        do
        {
            var letter = _line[_at];
            var isInQuotes = open.Count > 0 && open.Peek() == '"';
            if (letter == '\\' && _at + 1 < _line.Length)
            {
                Take();
            }
            else if (letter == '\'' && !isInQuotes && _line.IndexOf('\'', _at + 1) is var close and > 0)
            {
                TakeUntil(close);
            }
            else if (letter == '"' && !isInQuotes)
            {
                open.Push('"');
            }
            else if (letter == '(' && (!isInQuotes || _line[_at - 1] == '$'))
            {
                open.Push('(');
            }
            else if (letter == (isInQuotes ? '"' : ')') && open.Count > 0)
            {
                open.Pop();
            }

            Take();
        }
        while (_at < _line.Length && open.Count > 0);
    }

    private void TakeUntil(int end)
    {
        while (_at < end)
        {
            Take();
        }
    }
}
