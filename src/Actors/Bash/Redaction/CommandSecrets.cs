using System.Text.RegularExpressions;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>
/// Options and arguments that hold a password, program by program. The program is often started by another: sudo,
/// docker exec or ssh.
/// </summary>
internal sealed class CommandSecrets(SecretRanges found, List<ShellWord> words)
{
    private static readonly Regex Ports =
        TextSecrets.Compile(@"^(?:[0-9.]+:)?(?:\$\{?[A-Za-z0-9_]+\}?:|[0-9]{1,5}(?:-[0-9]{1,5})?:)?[0-9]{1,5}(?:-[0-9]{1,5})?(?:/(?:tcp|udp|sctp))?$");

    private static readonly string[] OfOracle = ["sqlplus", "sqlldr", "expdp", "impdp", "rman"];

    private static readonly string[] OfRedis = ["redis-cli", "valkey-cli"];

    private readonly HashSet<string> _before = new(StringComparer.Ordinal);
    private readonly Programs _programs = new(words);
    private readonly InputSecrets _input = new(found, words);

    /// <summary>Between sshpass and the first word that is no option: what comes then is another program, with another -p.</summary>
    private bool _isSshpass;

    /// <summary>Looks at one word; to be called for each in turn.</summary>
    public void Find(int index)
    {
        var word = words[index];
        _programs.Begin(word);
        if (word.StartsCommand)
        {
            _before.Clear();
            _isSshpass = false;
        }

        _input.Find(index, _before);
        if (word.IsOption)
        {
            FindOption(word, index);
        }
        else
        {
            FindArgument(word, index);
        }

        var name = Path.GetFileName(word.Value);
        _before.Add(name);
        _programs.Add(index, name);
        _isSshpass = name == "sshpass" || (_isSshpass && word.IsOption);
    }

    private void FindOption(ShellWord word, int index)
    {
        if (_isSshpass)
        {
            if (word.Value.StartsWith("-p", StringComparison.Ordinal))
            {
                Add(index, "-p".Length, option: null);
            }

            return;
        }

        foreach (var option in SecretOption.All)
        {
            if (option.ValueOf(word.Value) is var value and >= 0
                && _programs.Overlaps(option.Programs)
                && (option.Subcommand is null || _before.Contains(option.Subcommand)))
            {
                Add(index, value, option);
            }
        }

        if (_before.Contains("htpasswd") && !word.Value.StartsWith("--", StringComparison.Ordinal) && word.Value.Contains('b', StringComparison.Ordinal))
        {
            _before.Add("-b");
        }
    }

    /// <summary>The value begins in the word, or else is the next one.</summary>
    private void Add(int index, int from, SecretOption? option)
    {
        var isNext = from == words[index].Value.Length;
        if ((isNext ? WordSecrets.Argument(words, index) : words[index]) is not { } word)
        {
            return;
        }

        from = isNext ? 0 : from;
        if (option?.Mark is { } mark)
        {
            AddMarked(word, word.Value.IndexOf(mark, from) + 1, option.End);
        }
        else if (!IsPorts(word.Value.AsSpan(from)))
        {
            found.AddValue(isNext ? word.Start : word.Text.End(from - 1), isNext ? word.End : word.ValueEnd);
        }
    }

    private void AddMarked(ShellWord word, int from, char? before)
    {
        var end = before is { } letter ? word.Value.LastIndexOf(letter) : word.Value.Length;
        if (from > 0 && end > from && !(before is not null && word.Value.Contains("://", StringComparison.Ordinal)))
        {
            found.AddValue(word.Text.End(from - 1), end == word.Value.Length ? word.ValueEnd : word.Text.Start(end));
        }
    }

    /// <summary>What docker run publishes, of a container or image that has a program's name.</summary>
    private bool IsPorts(ReadOnlySpan<char> value) =>
        _before.Overlaps(["docker", "podman", "nerdctl"]) && _before.Overlaps(["run", "create"]) && Ports.IsMatch(value);

    private void FindArgument(ShellWord word, int index)
    {
        if (_programs.Overlaps(OfRedis) && word.Value.Equals("auth", StringComparison.OrdinalIgnoreCase))
        {
            AddArgument(WordSecrets.Argument(words, index + 1) is null ? index : index + 1); // behind the user's name
        }
        else if (_programs.Contains("mysqladmin") && word.Value == "password")
        {
            AddArgument(index);
        }
        else if ((_programs.Contains("htpasswd") && _before.Contains("-b") && IsLast(index)) || (_programs.Contains("smbclient") && IsShare(index - 1)))
        {
            found.AddValue(word.Start, word.End);
        }
        else if (IsSet() && SecretNames.Announces(AssignmentSecrets.LastName(word.Value, out _).ToString()))
        {
            AddArgument(index);
        }
        else if (_programs.Overlaps(OfOracle))
        {
            FindLogin(word, index);
        }
        else if (_programs.Overlaps(WrittenSecrets.Programs))
        {
            WrittenSecrets.Find(found, word.Text, _programs.Contains("sed"));
        }
    }

    /// <summary><c>aws configure set NAME VALUE</c>, <c>npm config set NAME VALUE</c>, <c>git config NAME VALUE</c>.</summary>
    private bool IsSet() => _before.Overlaps(["config", "configure", "CONFIG"]) && _before.Overlaps(["set", "SET", "git", "composer", "bundle"]);

    /// <summary>Oracle's USER/PASSWORD@DATABASE. Without a database it may be a path, unless the program is first and this comes next.</summary>
    private void FindLogin(ShellWord word, int index)
    {
        var user = word.Value.StartsWith("userid=", StringComparison.Ordinal) ? "userid=".Length : 0;
        var slash = word.Value.IndexOf('/', StringComparison.Ordinal);
        var at = word.Value.LastIndexOf('@');
        var isNext = words[index - 1].IsOption || words[index - 1].StartsCommand || user > 0;
        if (slash > user && !word.Value.AsSpan(user, slash - user).ContainsAny("=@.") && (at > slash || (at < 0 && isNext)))
        {
            found.AddValue(word.Text.End(slash), at < 0 ? word.ValueEnd : word.Text.Start(at));
        }
    }

    private void AddArgument(int index)
    {
        if (WordSecrets.Argument(words, index) is { } value)
        {
            found.AddValue(value.Start, value.End);
        }
    }

    private bool IsShare(int index) => index >= 0 && words[index].Value.StartsWith("//", StringComparison.Ordinal);

    private bool IsLast(int index) => index + 1 == words.Count || words[index + 1].StartsCommand;
}
