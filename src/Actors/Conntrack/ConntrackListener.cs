using EbpfActors.Actors.Probes;
using EbpfActors.Probes;
using EbpfActors.Probes.Conntrack;

namespace EbpfActors.Actors.Conntrack;

/// <summary>Listens to a conntrack probe on a thread of its own; while it listens, the look-up uses it.</summary>
internal sealed class ConntrackListener : IProbeTurns
{
    private readonly IConntrackProbe _probe;
    private readonly ConntrackPluginOptions _options;
    private readonly Action<IReadOnlyList<HookStatus>> _attachedAs;
    private readonly Action<Exception> _failed;
    private readonly ProbeThread _thread;

    public ConntrackListener(ConntrackPluginOptions options, Action<IReadOnlyList<HookStatus>> attached, Action<Exception> failed)
    {
        _probe = options.Create();
        _options = options;
        _attachedAs = attached;
        _failed = failed;
        _thread = new ProbeThread("conntrack", _probe, this, options.StopDeadline);
    }

    public IReadOnlyList<HookStatus> Hooks => _thread.IsAttached ? _probe.Hooks : [];

    public void Start() => _thread.Start();

    public ProbeCounters Counters() => _thread.Counters();

    /// <summary>Ends the thread; false when it did not come back in time, and then it disposes of the probe when it does.</summary>
    public bool Stop()
    {
        _options.Lookup.Use(null);
        return _thread.Stop();
    }

    void IProbeTurns.Attached(IReadOnlyList<HookStatus> hooks)
    {
        _options.Lookup.Use(_probe);
        _attachedAs(hooks);
    }

    void IProbeTurns.Turn()
    {
        _probe.Wait();
        if (_probe.Turn())
        {
            _attachedAs(_probe.Hooks);
        }

        _thread.Stopping.WaitHandle.WaitOne(_options.RestBetweenTurns);
    }

    void IProbeTurns.Failed(Exception cause) => _failed(cause);

    void IProbeTurns.Leave() => _options.Lookup.Use(null);
}
