using System.Diagnostics;
using System.Net.Sockets;
using System.Reflection;
using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.EndToEnd.Tests.Agent;

/// <summary>What a process said until its end, and how long the end took.</summary>
internal sealed record Ended(int Code, string Output, string Error, TimeSpan After);

/// <summary>The built agent as a process of the test; killed when disposed of, if it still runs.</summary>
internal sealed class AgentProcess : IDisposable
{
    /// <summary>The one that was built with the tests, or what EBPF_ACTORS_AGENT names: the published one starts faster, which counts in a VM.</summary>
    private static readonly string Executable = Environment.GetEnvironmentVariable("EBPF_ACTORS_AGENT") is { Length: > 0 } named
        ? named
        : typeof(AgentProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Agent").Value!;

    private readonly Process _process;
    private readonly AgentHome? _home;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private AgentProcess(AgentHome? home, string[] prefix, string[] arguments, string? notifySocket)
    {
        _home = home;
        string[] line = [.. prefix, Executable, .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["NO_COLOR"] = "1";
        start.Environment["NOTIFY_SOCKET"] = notifySocket;
        _process = Process.Start(start)!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>A prefix is a program that ends by executing the agent, so this is the agent's.</summary>
    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Sees the sockets of this run only, as far as hooks are those of a cgroup, unless a prefix is given.</summary>
    public static AgentProcess Start(AgentHome home, string[] flags, string[]? prefix = null, string? notifySocket = null) =>
        new(home, prefix ?? PrivateCgroup.AsRoot(), home.Run(flags), notifySocket);

    /// <summary>Returns when everything is attached.</summary>
    public static async Task<AgentProcess> StartReadyAsync(AgentHome home, params string[] flags)
    {
        var agent = Start(home, flags);
        await agent.ReadyAsync();
        return agent;
    }

    /// <summary>Runs a command of the agent to its end.</summary>
    public static async Task<Ended> RunAsync(string[] arguments, string[]? prefix = null)
    {
        using var command = new AgentProcess(null, prefix ?? [], arguments, null);
        return await command.EndAsync();
    }

    public Task ReadyAsync(TimeSpan? deadline = null, TimeSpan? betweenLooks = null) => Eventually.HoldsAsync(
        () => HasExited
            ? throw new InvalidOperationException($"the agent ended with {_process.ExitCode}: {_error.Result}")
            : _home!.LogLines().Any(l => l.Contains("ready after", StringComparison.Ordinal)),
        () => string.Join('\n', _home!.LogLines()),
        deadline,
        betweenLooks: betweenLooks);

    /// <summary>The kernel's numbers of the programs that this process holds.</summary>
    public IReadOnlySet<int> Programs() => LoadedPrograms.OfProcess(Id);

    /// <summary>How many instructions the kernel's verifier went through for each program that this process holds.</summary>
    public IReadOnlyList<int> VerifiedInstructions() => LoadedPrograms.VerifiedInstructions(Id);

    public IReadOnlyList<string?> OpenFiles() => [.. Directory.GetFiles($"/proc/{Id}/fd").Select(fd => new FileInfo(fd).LinkTarget)];

    /// <summary>Asks as <c>ebpf-actors status</c> does, without the cost of a process for each question.</summary>
    public async Task<StatusDocument> StatusAsync() => await TryStatusAsync() ?? throw new TimeoutException("the agent did not answer in time");

    /// <summary>Null when the agent had no time for an answer: it gives itself seconds, which are not always enough in an emulated machine.</summary>
    public async Task<StatusDocument?> TryStatusAsync()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_home!.StatusSocket));
        using var reader = new StreamReader(new NetworkStream(socket));
        return await reader.ReadToEndAsync() is { Length: > 0 } json ? StatusDocument.Parse(json) : null;
    }

    /// <summary>Waits until so many more flushes are over, whatever they held.</summary>
    public async Task FlushesAsync(int count)
    {
        var end = (await StatusAsync()).Flushes + count;
        await Eventually.HoldsAsync(async () => (await StatusAsync()).Flushes >= end);
    }

    public void Signal(string name) => Shell.Run("kill", $"-{name} {Id}");

    public async Task<Ended> StopAsync(string signal = "TERM", TimeSpan? patience = null)
    {
        Signal(signal);
        return await EndAsync(patience);
    }

    public async Task<Ended> EndAsync(TimeSpan? patience = null)
    {
        var watch = Stopwatch.StartNew();
        await Eventually.HoldsAsync(() => HasExited, () => string.Join('\n', _home?.LogLines() ?? []), patience, what: "the agent ends");
        return new Ended(_process.ExitCode, await _output, await _error, watch.Elapsed);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
