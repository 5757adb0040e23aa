namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>
/// Short options that hold a password, program by program. The program may be any earlier word of the command: it is often
/// started by sudo, docker exec or ssh.
/// </summary>
internal sealed class CommandSecrets(SecretRanges found, List<ShellWord> words)
{
    private static readonly HashSet<string> Mysql = new(
        ["mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlshow", "mysqlcheck", "mysqlpump", "mysqlslap", "mysqlsh", "mycli", "mariadb",
         "mariadb-dump", "mariadb-admin", "mariadb-import", "mariadb-show", "mariadb-check"],
        StringComparer.Ordinal);

    private static readonly HashSet<string> Mongo = new(
        ["mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport", "mongostat", "mongotop"], StringComparer.Ordinal);

    private static readonly HashSet<string> WithLogin = new(
        ["docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "az", "oc", "cf", "ibmcloud", "argocd"], StringComparer.Ordinal);

    private readonly HashSet<string> _before = new(StringComparer.Ordinal);

    /// <summary>Between sshpass and the first word that is no option: what comes then is another program, with another -p.</summary>
    private bool _isSshpass;

    /// <summary>Looks at one word; to be called for each in turn.</summary>
    public void Find(int index)
    {
        var word = words[index];
        if (word.StartsCommand)
        {
            _before.Clear();
            _isSshpass = false;
        }

        if (word.Value.StartsWith('-'))
        {
            FindOption(word, index);
        }
        else if (_before.Contains("redis-cli") && word.Value.Equals("auth", StringComparison.OrdinalIgnoreCase))
        {
            AddArgument(index);
        }
        else if (_before.Contains("htpasswd") && _before.Contains("-b") && IsLast(index))
        {
            found.AddValue(word.Start, word.End);
        }

        var name = Path.GetFileName(word.Value);
        _before.Add(name);
        _isSshpass = name == "sshpass" || (_isSshpass && word.Value.StartsWith('-'));
    }

    private void FindOption(ShellWord word, int index)
    {
        if (word.Value.StartsWith("-p", StringComparison.Ordinal))
        {
            FindPassword(word, index);
        }
        else if (word.Value is "-a" && _before.Contains("redis-cli"))
        {
            AddArgument(index);
        }
        else if ((word.Value is "-w" && _before.Any(b => b.StartsWith("ldap", StringComparison.Ordinal)))
            || (word.Value is "-P" && _before.Overlaps(["zip", "unzip"]))
            || (word.Value is "-k" or "-K" && _before.Contains("openssl")))
        {
            AddArgument(index);
        }
        else if (word.Value is "-u" or "-U" or "--user" or "--proxy-user" && _before.Contains("curl"))
        {
            AddBehind(':', WordSecrets.Argument(words, index));
        }
        else if (word.Value is "-a" or "--auth" && _before.Overlaps(["http", "https", "xh"]))
        {
            AddBehind(':', WordSecrets.Argument(words, index));
        }
        else if (word.Value is "-U" && _before.Overlaps(["smbclient", "rpcclient"]))
        {
            AddBehind('%', WordSecrets.Argument(words, index));
        }
        else if ((word.Value.StartsWith("-u", StringComparison.Ordinal) || word.Value.StartsWith("--user=", StringComparison.Ordinal)) && _before.Contains("curl"))
        {
            AddBehind(':', word);
        }
        else if (_before.Contains("htpasswd") && !word.Value.StartsWith("--", StringComparison.Ordinal) && word.Value.Contains('b', StringComparison.Ordinal))
        {
            _before.Add("-b");
        }
    }

    private void FindPassword(ShellWord word, int index)
    {
        var isAttached = word.Value.Length > 2;
        if (isAttached && (_before.Overlaps(Mysql) || _before.Overlaps(Mongo) || _before.Overlaps(["7z", "7za"]) || _isSshpass))
        {
            found.AddValue(found.Text.IndexOf('p', word.Start) + 1, word.ValueEnd);
        }
        else if (!isAttached && (_before.Overlaps(Mongo) || _isSshpass || (_before.Contains("login") && _before.Overlaps(WithLogin))))
        {
            AddArgument(index);
        }
    }

    private void AddArgument(int index)
    {
        if (WordSecrets.Argument(words, index) is { } value)
        {
            found.AddValue(value.Start, value.End);
        }
    }

    private void AddBehind(char mark, ShellWord? word)
    {
        if (word is { } pair && found.Text.IndexOf(mark, pair.Start, pair.End - pair.Start) is var at and >= 0)
        {
            found.AddValue(at + 1, pair.ValueEnd);
        }
    }

    private bool IsLast(int index) => index + 1 == words.Count || words[index + 1].StartsCommand;
}
