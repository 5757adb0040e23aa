using System.Diagnostics;

namespace EbpfActors.Agent.Tests.CommandLine;

/// <summary>Runs the built executable, and ends it when a test is over.</summary>
internal sealed class AgentProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;

    private AgentProcess(string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "ebpf-actors"), arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["NO_COLOR"] = "1";
        _process = Process.Start(start)!;
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public static AgentProcess Start(params string[] arguments) => new(arguments);

    public static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var agent = new AgentProcess(arguments);
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
