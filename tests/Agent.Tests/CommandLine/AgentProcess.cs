using System.Diagnostics;

namespace EbpfActors.Agent.Tests.CommandLine;

/// <summary>Runs the built executable, and ends it when a test is over.</summary>
internal sealed class AgentProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;

    private AgentProcess(string[] prefix, string[] arguments, string? notifySocket = null)
    {
        string[] line = [.. prefix, Path.Combine(AppContext.BaseDirectory, "ebpf-actors"), .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["NO_COLOR"] = "1";
        if (notifySocket is not null)
        {
            start.Environment["NOTIFY_SOCKET"] = notifySocket;
        }

        _process = Process.Start(start)!;
    }

    public int Id => _process.Id;

    public static AgentProcess Start(string notifySocket, params string[] arguments) => new([], arguments, notifySocket);

    /// <summary>Without any capability, even for root.</summary>
    public static async Task<(int Code, string Output, string Error)> RunUnprivilegedAsync(params string[] arguments)
    {
        using var agent = new AgentProcess(["setpriv", "--bounding-set=-all", "--inh-caps=-all"], arguments);
        return await agent.EndAsync();
    }

    public static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var agent = new AgentProcess([], arguments);
        return await agent.EndAsync();
    }

    public async Task<(int Code, string Output, string Error)> EndAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        var output = _process.StandardOutput.ReadToEndAsync(deadline.Token);
        var error = _process.StandardError.ReadToEndAsync(deadline.Token);
        await _process.WaitForExitAsync(deadline.Token);
        return (_process.ExitCode, await output, await error);
    }

    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{Id}"]);
        await kill.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
