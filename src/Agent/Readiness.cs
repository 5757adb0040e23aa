using Akka.Actor;
using EbpfActors.Actors.Probes;
using EbpfActors.Actors.Supervision;

namespace EbpfActors.Agent;

/// <summary>
/// Knows of every plugin that was asked for whether it collects. The agent is ready when each has been attached or has failed once, or
/// when the deadline has passed: one that keeps failing must not keep a service manager waiting until it kills those that are well.
/// Thread-safe.
/// </summary>
internal sealed class Readiness
{
    /// <summary>Well below the 90 s after which systemd gives up on a start (DefaultTimeoutStartSec).</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource<IReadOnlyList<string>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly List<Plugin> _plugins;
    private Action<string>? _tell;
    private string _told = "";

    /// <param name="plugins">Their names in the tree, in the order in which they are told.</param>
    public Readiness(IEnumerable<string> plugins)
    {
        _plugins = [.. plugins.Select(p => new Plugin(p))];
        Update(() => { });
    }

    /// <summary>Gives what is wrong when the agent is ready, one text for each plugin that does not collect.</summary>
    public Task<IReadOnlyList<string>> Done => _done.Task;

    public Props Props() => Akka.Actor.Props.Create(() => new Listener(this));

    /// <summary>Tells in one line which plugins collect and which do not: now to <paramref name="first"/>, and after each change to <paramref name="later"/>.</summary>
    public void Follow(Action<string> first, Action<string> later)
    {
        lock (_gate)
        {
            first(_told = Summary());
            _tell = later;
        }
    }

    private void Update(Action change)
    {
        lock (_gate)
        {
            change();
            if (_plugins.TrueForAll(p => p.IsSettled))
            {
                Settle();
            }

            if (_tell is { } tell && Summary() is var summary && summary != _told)
            {
                tell(_told = summary);
            }
        }
    }

    private void Settle() => _done.TrySetResult([.. _plugins.Where(p => p.Problem.Length > 0).Select(p => $"{p.Name} ({p.Problem})")]);

    private string Summary()
    {
        if (_plugins.Count == 0)
        {
            return "nothing to collect";
        }

        var well = _plugins.Where(p => p.Problem.Length == 0).Select(p => p.Name).ToList();
        var others = _plugins.Where(p => p.Problem.Length > 0).Select(p => $"{p.Name} ({p.Problem})").ToList();
        var collecting = well.Count > 0 ? $"collecting: {string.Join(", ", well)}" : "collecting nothing";
        return others.Count > 0 ? $"{collecting}; not: {string.Join("; ", others)}" : collecting;
    }

    /// <summary>Those that the options do not name, such as outputs and parts of the tree, are not waited for.</summary>
    private void Set(string name, string problem, bool isSettled) => Update(() =>
    {
        if (_plugins.Find(p => p.Name == "ebpf-" + name) is { } plugin)
        {
            plugin.Problem = problem;
            plugin.IsSettled |= isSettled;
        }
    });

    private sealed class Plugin(string name)
    {
        public string Name { get; } = "ebpf-" + name;

        /// <summary>Empty while it collects.</summary>
        public string Problem { get; set; } = "being attached";

        /// <summary>It was attached once, or has failed once.</summary>
        public bool IsSettled { get; set; }
    }

    /// <summary>Hears of it from the event stream; there before the agent starts, so that nothing is missed.</summary>
    private sealed class Listener : ReceiveActor, IWithTimers
    {
        public Listener(Readiness readiness)
        {
            Receive<ProbeReady>(ready => readiness.Set(ready.Name, "", isSettled: true));
            Receive<PluginEnded>(ended => readiness.Set(ended.Name, Told(ended), isSettled: true));
            Receive<DeadlinePassed>(_ => readiness.Update(readiness.Settle));
        }

        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart()
        {
            Context.System.EventStream.Subscribe(Self, typeof(ProbeReady));
            Context.System.EventStream.Subscribe(Self, typeof(PluginEnded));
            Timers.StartSingleTimer(nameof(DeadlinePassed), DeadlinePassed.Instance, Deadline);
        }

        private static string Told(PluginEnded ended) => ended.Kind == PluginEnd.Refusal
            ? $"refused, tried again at {ended.RetryAt.ToLocalTime():HH:mm:ss}: {ended.Problem}"
            : $"being started again: {ended.Problem}";
    }

    private sealed class DeadlinePassed : INoSerializationVerificationNeeded
    {
        public static readonly DeadlinePassed Instance = new();
    }
}
