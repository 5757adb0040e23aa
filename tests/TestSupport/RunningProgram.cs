using System.Diagnostics;

namespace EbpfActors.TestSupport;

/// <summary>A program with its pipes in the hands of the test. Disposing of it kills it, with what it has started, and waits for its end.</summary>
public sealed class RunningProgram : IDisposable
{
    public RunningProgram(string program, string arguments)
        : this(Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!)
    {
    }

    public RunningProgram(Process process) => Process = process;

    public Process Process { get; }

    public int Id => Process.Id;

    public StreamReader StandardOutput => Process.StandardOutput;

    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill(entireProcessTree: true);
            Eventually.Ends(Process);
        }

        Process.Dispose();
    }
}
