using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Processes;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// The processes that began to run a program since the last turn, as the kernel side tells them or, where that is refused, the process
/// connector. They are only noted: attaching takes long, and the ring is not to wait for it. Not thread-safe.
/// </summary>
internal sealed class StartedPrograms(string procRoot, Ladder exec, BashLosses losses) : IDisposable
{
    private readonly Dictionary<uint, RunningProgram> _started = [];
    private ProcConnector? _connector;

    /// <summary>Can be read when the connector has news; null without one.</summary>
    public SafeFileHandle? File => _connector?.File;

    /// <summary>Opens the connector, where it is the rung that serves.</summary>
    public void Connect()
    {
        if (exec.IsOn("proc_connector"))
        {
            try
            {
                _connector = ProcConnector.Open();
            }
            catch (BpfException e)
            {
                exec.Refuse(e.Reason);
            }
        }
    }

    /// <summary>A process that went through several programs is the last of them.</summary>
    public void Add(in BashProcess process) => _started[process.Tgid] = RunningProgram.Of(process);

    /// <summary>Takes in what the connector has; false when the kernel had to drop some: then a scan has to find them.</summary>
    public bool Read()
    {
        try
        {
            _connector?.Read(pid =>
            {
                if (RunningProgram.Read(procRoot, pid) is { } program)
                {
                    _started[pid] = program;
                }
            });
            return true;
        }
        catch (BpfException e) when (e.Errno == Errno.NoBuffers)
        {
            losses.CountExecsDropped();
            return false;
        }
    }

    /// <summary>Hands them out, and forgets them.</summary>
    public void Take(Action<RunningProgram> began)
    {
        foreach (var program in _started.Values)
        {
            began(program);
        }

        _started.Clear();
    }

    public void Dispose() => _connector?.Dispose();
}
