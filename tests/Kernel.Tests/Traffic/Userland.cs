using System.Diagnostics;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>The programs and libraries of a Debian release: those of this host, or others that <c>make setup</c> has unpacked into a folder.</summary>
internal sealed class Userland
{
    private readonly string _root;

    private Userland(string root) => _root = root;

    public static Userland Host { get; } = new("");

    /// <summary>Null where there was no network to get it.</summary>
    public static Userland? TryOf(string release)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "EbpfActors.sln")))
        {
            folder = folder.Parent;
        }

        var root = Path.Combine(folder?.FullName ?? "/", "out/distributions", release);
        return Directory.Exists(root) ? new Userland(root) : null;
    }

    public string Library(string name) => $"{_root}/usr/lib/x86_64-linux-gnu/{name}";

    /// <summary>A new folder that its programs can reach.</summary>
    public TemporaryFolder NewFolder(string purpose) => new(purpose, _root.Length == 0 ? null : $"{_root}/tmp");

    /// <summary>The path by which its programs know a file.</summary>
    public string Inside(string path) => path[_root.Length..];

    public string Run(string program, string arguments) => _root.Length == 0
        ? Shell.Run(program, arguments)
        : Shell.Run("chroot", $"{_root} {program} {arguments}");

    public Process Start(string program, string arguments) => _root.Length == 0
        ? Shell.Start(program, arguments)
        : Shell.Start("chroot", $"{_root} {program} {arguments}");
}
