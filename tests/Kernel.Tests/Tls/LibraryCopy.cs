using System.Diagnostics;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>A copy of libssl under a name of the test's own, and programs that map it. All gone when disposed.</summary>
internal sealed class LibraryCopy : IDisposable
{
    internal const string Original = "/usr/lib/x86_64-linux-gnu/libssl.so.3";

    private readonly List<Process> _users = [];
    private readonly TemporaryFolder _folder = new("tls");

    internal LibraryCopy(string name = "libssl.so.3")
    {
        Path = _folder[name];
        File.Copy(Original, Path);
    }

    internal string Folder => _folder.Path;

    internal string Path { get; }

    /// <summary>A program with the library in it; runs until it is stopped.</summary>
    internal Process Use() => Start("sleep", "1000", Path);

    internal Process Start(string program, string arguments, string? preload = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        if (preload is not null)
        {
            start.Environment["LD_PRELOAD"] = preload;
        }

        var process = Process.Start(start)!;
        _users.Add(process);
        return process;
    }

    internal static void Stop(Process process)
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
    }

    public void Dispose()
    {
        foreach (var process in _users)
        {
            Stop(process);
            process.Dispose();
        }

        _folder.Dispose();
    }
}
