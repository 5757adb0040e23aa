using System.Diagnostics.CodeAnalysis;
using EbpfActors.Probes;
using EbpfActors.Probes.Conntrack;

namespace EbpfActors.Actors.Conntrack;

/// <summary>Owns a conntrack probe and the thread that listens; while it listens, the look-up uses it.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The last of thread and actor to leave disposes; see LeaveProbe.")]
internal sealed class ConntrackListener
{
    private readonly IConntrackProbe _probe;
    private readonly ConntrackPluginOptions _options;
    private readonly Action<IReadOnlyList<HookStatus>> _attachedAs;
    private readonly Action<Exception> _failed;
    private readonly Thread _thread;
    private volatile bool _attached;
    private volatile bool _stop;
    private int _users = 2;

    public ConntrackListener(ConntrackPluginOptions options, Action<IReadOnlyList<HookStatus>> attached, Action<Exception> failed)
    {
        _probe = options.Create();
        _options = options;
        _attachedAs = attached;
        _failed = failed;
        _thread = new Thread(Run) { IsBackground = true, Name = "conntrack" };
    }

    public IReadOnlyList<HookStatus> Hooks => _attached ? _probe.Hooks : [];

    public void Start() => _thread.Start();

    public ProbeCounters Counters() => _attached ? _probe.Counters() : new ProbeCounters(0, [], []);

    /// <summary>Ends the thread; false when it did not come back in time, and then it disposes of the probe when it does.</summary>
    public bool Stop()
    {
        _stop = true;
        _options.Lookup.Use(null);
        if (_attached)
        {
            _probe.Wake();
        }

        var ended = _thread.Join(_options.StopDeadline);
        LeaveProbe();
        return ended;
    }

    private void Run()
    {
        try
        {
            var hooks = _probe.Attach();
            _attached = true;
            _options.Lookup.Use(_probe);
            _attachedAs(hooks);
            while (!_stop)
            {
                _probe.Wait();
                _probe.Turn();
            }
        }
#pragma warning disable CA1031 // Whatever ends this thread is thrown again inside the actor, where supervision sees it.
        catch (Exception cause)
#pragma warning restore CA1031
        {
            _failed(cause);
        }
        finally
        {
            _options.Lookup.Use(null);
            LeaveProbe();
        }
    }

    private void LeaveProbe()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _attached = false;
            _probe.Dispose();
        }
    }
}
