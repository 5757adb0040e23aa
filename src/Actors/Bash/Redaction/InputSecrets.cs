namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Secrets that a program reads from its input: <c>echo VALUE | docker login --password-stdin</c>.</summary>
internal sealed class InputSecrets(SecretRanges found, List<ShellWord> words)
{
    /// <summary>Options of sudo that may stand before another letter.</summary>
    private static readonly char[] OfSudo = [.. "AbEHKknPsi"];

    /// <summary>Where the command begins that a word belongs to, and the command before it.</summary>
    private int _start;
    private int _before;

    /// <summary>Looks at one word; to be called for each in turn, with the earlier ones of its command.</summary>
    public void Find(int index, HashSet<string> earlier)
    {
        if (words[index].StartsCommand)
        {
            (_before, _start) = (_start, index);
        }

        if (!ReadsSecret(words[index].Value, earlier))
        {
            return;
        }

        if (_start > 0 && Between(_start - 1) is "|" or "|&")
        {
            FindPrinted();
        }

        for (var i = index + 1; i < words.Count && !words[i].StartsCommand; i++)
        {
            if (Between(i - 1) == "<<<")
            {
                found.AddValue(words[i].Start, words[i].End);
            }
        }
    }

    private static bool ReadsSecret(string word, HashSet<string> earlier) => word switch
    {
        "--with-token" => true,
        "--stdin" => earlier.Overlaps(["passwd", "sudo"]),
        "-" => earlier.IsSupersetOf(["secret", "create"]),
        "--passphrase-fd" => true,
        ['-', not '-', ..] when earlier.Contains("sudo") && word[1..].TrimStart(OfSudo) is ['S', ..] => true,
        "chpasswd" => true,
        _ => word.StartsWith('-') && word.EndsWith("-stdin", StringComparison.Ordinal) && SecretNames.Announces(word[..^"-stdin".Length].TrimStart('-')),
    };

    /// <summary>The arguments of the command before; printf's first only says how.</summary>
    private void FindPrinted()
    {
        var name = Path.GetFileName(words[_before].Value);
        if (name is not ("echo" or "printf"))
        {
            return;
        }

        var first = _before + 1;
        while (first < _start && words[first].IsOption)
        {
            first++;
        }

        first += name == "printf" && first + 1 < _start ? 1 : 0;
        for (var i = first; i < _start; i++)
        {
            found.AddValue(words[i].Start, words[i].End);
        }
    }

    /// <summary>The operator that stands between a word and the next.</summary>
    private string Between(int index) => found.Text[words[index].End..words[index + 1].Start].Trim();
}
