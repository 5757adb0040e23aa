using System.Diagnostics;
using System.Globalization;

namespace EbpfActors.Benchmarks;

/// <summary>The built agent, as a user runs it, with its points going to a file; stopped with SIGTERM.</summary>
internal sealed class AgentProcess : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly TemporaryFolder _folder;

    private AgentProcess(Process process, TemporaryFolder folder, TimeSpan startToReady)
    {
        _process = process;
        _folder = folder;
        StartToReady = startToReady;
    }

    public static string Executable { get; set; } = "out/ebpf-actors";

    public TimeSpan StartToReady { get; }

    public int Pid => _process.Id;

    /// <summary>CPU time used so far, user and system, from the scheduler's own count.</summary>
    public TimeSpan Cpu => CpuOf(_ => true);

    /// <summary>The same of the threads that read the kernel, which live as long as it does.</summary>
    public TimeSpan CpuOfProbes => CpuOf(name => name is "net-probe" or "conntrack");

    public double ResidentMegabytes => double.Parse(
        File.ReadLines($"/proc/{Pid}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024;

    public static AgentProcess Start(string interval = "10s", params string[] more)
    {
        var files = new TemporaryFolder("benchmark");
        var folder = files.Path;
        var clock = Stopwatch.StartNew();
        var process = Process.Start(new ProcessStartInfo(Executable,
        [
            "run", "--include-loopback", "--interval", interval, "--output", $"file:{folder}/points", "--log", $"{folder}/log",
            "--pidfile", $"{folder}/pid", "--status-socket", $"{folder}/socket", .. more,
        ]))!;
        var log = $"{folder}/log";
        while (!(File.Exists(log) && ReadShared(log).Contains(" ready", StringComparison.Ordinal)))
        {
            if (process.HasExited || clock.Elapsed > Deadline)
            {
                throw new InvalidOperationException($"the agent did not become ready: {(File.Exists(log) ? ReadShared(log) : "no log")}");
            }

            Thread.Sleep(5);
        }

        return new AgentProcess(process, files, clock.Elapsed);
    }

    /// <summary>What <c>status --json</c> says now.</summary>
    public string Status()
    {
        using var status = Process.Start(new ProcessStartInfo(Executable, ["status", "--json", "--status-socket", $"{_folder.Path}/socket"]) { RedirectStandardOutput = true })!;
        var text = status.StandardOutput.ReadToEnd();
        status.WaitForExit();
        return text;
    }

    public void WaitFor(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > Deadline)
            {
                throw new InvalidOperationException($"the agent did not get there: {Status()}");
            }

            Thread.Sleep(100);
        }
    }

    /// <summary>Ends it, and reads all that it has written.</summary>
    public string[] StopAndReadPoints()
    {
        Stop();
        return File.ReadAllLines($"{_folder.Path}/points");
    }

    public void Dispose()
    {
        Stop();
        _process.Dispose();
        _folder.Dispose();
    }

    private void Stop()
    {
        if (_process.HasExited)
        {
            return;
        }

        Process.Start("kill", $"-TERM {Pid}").WaitForExit();
        if (!_process.WaitForExit(Deadline))
        {
            _process.Kill();
        }
    }

    private TimeSpan CpuOf(Func<string, bool> isMeant) => TimeSpan.FromMilliseconds(
        Directory.GetDirectories($"/proc/{Pid}/task").Sum(task => TryReadRunNanoseconds(task, isMeant)) / 1e6);

    private static double TryReadRunNanoseconds(string task, Func<string, bool> isMeant)
    {
        try
        {
            return !isMeant(File.ReadAllText($"{task}/comm").Trim()) ? 0 : double.Parse(File.ReadAllText($"{task}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // the thread ended meanwhile
        }
    }

    private static string ReadShared(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd();
    }
}
