using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Native;

namespace EbpfActors.Probes.Tls.Capture;

/// <summary>
/// The hook on receives. It runs for every TCP receive of the host: it waits until there is a library whose reads it can tell about.
/// Thread-safe: discovery attaches on its thread, the status asks on another.
/// </summary>
/// <param name="obj">The loaded object.</param>
/// <param name="program">Null when the hook was refused at the start.</param>
/// <param name="ladder">The hook's ladder, which changes no more.</param>
internal sealed class ReceiveHook(BpfObject obj, string? program, Ladder ladder) : IDisposable
{
    private readonly Lock _gate = new();
    private BpfLinkHandle? _link;
    private string _problem = "";

    /// <summary>False when it could be attached at the start and cannot now: then it is to be tried again.</summary>
    /// <param name="note">For the log, when that is new.</param>
    public bool Attach(out ProbeNote? note)
    {
        note = null;
        lock (_gate)
        {
            if (program is null || _link is not null)
            {
                return true;
            }

            try
            {
                _link = obj.Attach(program);
                _problem = "";
                return true;
            }
            catch (BpfException e)
            {
                note = _problem.Length == 0 ? new ProbeNote(IsWarning: true, $"{ladder.Hook.Name} is tried again: {e.Message}") : null;
                _problem = $"{ladder.Hook.Without} until it can be attached: {e.Reason}";
                return false;
            }
        }
    }

    public HookStatus Status()
    {
        lock (_gate)
        {
            return _problem.Length > 0
                ? ladder.Status() with { Rung = "", Problem = _problem }
                : ladder.Status(program is null || _link is not null ? "" : "once a library needs it");
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _link?.Dispose();
        }
    }
}
