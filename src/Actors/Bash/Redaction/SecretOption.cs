namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>An option whose name announces nothing and that holds a secret in some programs.</summary>
internal sealed record SecretOption(char Letter, params string[] Programs)
{
    public static readonly IReadOnlyList<SecretOption> All =
    [
        new('p', "mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlshow", "mysqlcheck", "mysqlpump", "mysqlslap", "mysqlsh", "mycli", "mariadb",
            "mariadb-dump", "mariadb-admin", "mariadb-import", "mariadb-show", "mariadb-check")
        {
            Switches = "AaBbCcdEFfGgHiIjKlLnNoOqQRrstUvVwxXY", TakesNext = false,
        },
        new('p', "mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport", "mongostat", "mongotop", "twine", "poetry"),
        new('p', "docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "az", "oc", "cf", "ibmcloud", "argocd") { Subcommand = "login" },
        new('p', "7z", "7za") { TakesNext = false },
        new('a', "redis-cli", "valkey-cli") { TakesAttached = false },
        new('w', "ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldappasswd", "ldapwhoami", "ldapcompare", "ldapmodrdn", "ldapexop")
        {
            Switches = "xvnZLAMfcCWQIO",
        },
        new('P', "zip", "unzip") { Switches = "0123456789DFJLRSTXajlmoqruvyz" },
        new('P', "sqlcmd", "bcp", "ssh-keygen"),
        new('N', "ssh-keygen"),
        new('k', "openssl") { TakesAttached = false },
        new('K', "openssl") { TakesAttached = false },
        new('u', "curl") { Switches = OfCurl, Mark = ':', Long = ["--user", "--proxy-user"] },
        new('U', "curl") { Switches = OfCurl, Mark = ':' },
        new('b', "curl") { Switches = OfCurl, Mark = '=', Long = ["--cookie"] },
        new('E', "curl") { Switches = OfCurl, Mark = ':', Long = ["--cert"] },
        new('x', "curl") { Switches = OfCurl, Mark = ':', End = '@', Long = ["--proxy"] },
        new('u', "lftp") { Mark = ',' },
        new('\0', "etcdctl") { Mark = ':', Long = ["--user"] },
        new('a', "http", "https", "xh") { Mark = ':', Long = ["--auth"] },
        new('U', "smbclient", "rpcclient", "net") { Switches = "NEgLVk", Mark = '%', Long = ["--user"] },
        new('\0', "kubectl", "oc", "k3s", "microk8s") { Mark = '=', Long = ["--from-literal"], Subcommand = "secret" },
    ];

    private const string OfCurl = "#:012346aBfgGiIjJklLMnNOpqRsSvVZ";

    /// <summary>Letters without a value, which may stand before this one in the same word.</summary>
    public string Switches { get; init; } = "";

    /// <summary>The value may be the next word; to mysql that is the database.</summary>
    public bool TakesNext { get; init; } = true;

    /// <summary>The value may be the rest of the word.</summary>
    public bool TakesAttached { get; init; } = true;

    /// <summary>The secret is what stands behind this in the value; null: all of it.</summary>
    public char? Mark { get; init; }

    /// <summary>It ends before this one, and without it there is none.</summary>
    public char? End { get; init; }

    /// <summary>Only this command of the program has the option.</summary>
    public string? Subcommand { get; init; }

    /// <summary>The same option in long.</summary>
    public string[] Long { get; init; } = [];

    /// <summary>Where in the word its value begins; the word's length: the value is the next word; -1: it is another option.</summary>
    public int ValueOf(string word)
    {
        if (word.StartsWith("--", StringComparison.Ordinal))
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            var isLong = Array.IndexOf(Long, equals < 0 ? word : word[..equals]) >= 0;
            return !isLong ? -1 : equals < 0 ? word.Length : equals + 1;
        }

        var at = word.IndexOf(Letter, StringComparison.Ordinal);
        for (var i = 1; i < at; i++)
        {
            if (!Switches.Contains(word[i], StringComparison.Ordinal))
            {
                return -1;
            }
        }

        var isTaken = at + 1 == word.Length ? TakesNext : TakesAttached;
        return at > 0 && isTaken ? at + 1 : -1;
    }
}
