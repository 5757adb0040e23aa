namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>The programs of a command: its first word, and what that one starts.</summary>
internal sealed class Programs(List<ShellWord> words)
{
    private static readonly HashSet<string> Launchers = new(
        [
            "sudo", "doas", "su", "runuser", "env", "time", "nohup", "nice", "ionice", "exec", "command", "builtin", "timeout", "xargs", "parallel", "watch",
            "ssh", "sshpass", "pssh", "docker", "podman", "nerdctl", "crictl", "ctr", "docker-compose", "podman-compose", "kubectl", "oc", "k3s", "microk8s",
            "minikube", "lxc", "incus", "chroot", "nsenter", "unshare", "systemd-run", "setsid", "stdbuf", "unbuffer", "rlwrap", "strace", "ltrace", "gdb",
            "perf", "flock", "script", "busybox", "find", "vagrant", "heroku", "fly", "tsh", "if", "then", "else", "elif", "while", "until", "do", "!", "{",
        ],
        StringComparer.Ordinal);

    /// <summary>What comes behind these is the name of something else.</summary>
    private static readonly HashSet<string> Naming = new(["ssh", "-name", "-iname", "--name", "--hostname", "--network-alias", "-h"], StringComparer.Ordinal);

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private bool _isFirst;

    /// <summary>Some word of the command starts others.</summary>
    private bool _isLaunched;

    /// <summary>To be called for each word in turn, before it is looked at.</summary>
    public void Begin(ShellWord word)
    {
        if (word.StartsCommand)
        {
            _names.Clear();
            (_isFirst, _isLaunched) = (true, false);
        }
    }

    /// <summary>To be called behind that.</summary>
    public void Add(int index, string name)
    {
        if (_isFirst || (_isLaunched && !Naming.Contains(words[index - 1].Value)))
        {
            _names.Add(name);
            _isLaunched |= Launchers.Contains(name);
        }

        _isFirst &= words[index].Value.Contains('=', StringComparison.Ordinal); // TOKEN=x mysql
    }

    public bool Contains(string name) => _names.Contains(name);

    public bool Overlaps(string[] names) => Array.Exists(names, _names.Contains);
}
