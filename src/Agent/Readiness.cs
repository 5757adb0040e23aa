using Akka.Actor;
using EbpfActors.Actors.Probes;
using EbpfActors.Actors.Supervision;

namespace EbpfActors.Agent;

/// <summary>Knows when every plugin that was asked for is attached, or will not be.</summary>
internal sealed class Readiness
{
    private readonly TaskCompletionSource<IReadOnlyList<string>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<string> _waiting;
    private readonly List<string> _problems = [];

    public Readiness(IEnumerable<string> plugins)
    {
        _waiting = [.. plugins];
        CompleteIfNothingWaits();
    }

    /// <summary>The problems of those that failed for good.</summary>
    public Task<IReadOnlyList<string>> Done => _done.Task;

    public Props Props() => Akka.Actor.Props.Create(() => new Listener(this));

    private void Settle(string plugin, string? problem)
    {
        if (_waiting.Remove(plugin) && problem is not null)
        {
            _problems.Add($"{plugin}: {problem}");
        }

        CompleteIfNothingWaits();
    }

    private void CompleteIfNothingWaits()
    {
        if (_waiting.Count == 0)
        {
            _done.TrySetResult(_problems);
        }
    }

    /// <summary>Hears of it from the event stream; there before the agent starts, so that nothing is missed.</summary>
    private sealed class Listener : ReceiveActor
    {
        public Listener(Readiness readiness)
        {
            Receive<ProbeReady>(ready => readiness.Settle(ready.Name, null));
            Receive<PluginFailed>(failed =>
            {
                if (failed.IsPermanent)
                {
                    readiness.Settle(failed.Name, failed.Problem);
                }
            });
        }

        protected override void PreStart()
        {
            Context.System.EventStream.Subscribe(Self, typeof(ProbeReady));
            Context.System.EventStream.Subscribe(Self, typeof(PluginFailed));
        }
    }
}
