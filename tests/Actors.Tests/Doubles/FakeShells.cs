using System.Collections.Concurrent;
using EbpfActors.Probes;
using EbpfActors.Probes.Bash;

namespace EbpfActors.Actors.Tests.Doubles;

/// <summary>Shells into which a test types.</summary>
internal sealed class FakeShells
{
    private readonly ConcurrentQueue<ShellCommand> _typed = new();
    private readonly AutoResetEvent _wake = new(false);

    public int Attached { get; private set; }

    public int Detached { get; private set; }

    public IReadOnlyList<ProbeLoss> Losses { get; set; } = [];

    public Exception? OnDrain { get; set; }

    public IBashProbe Probe() => new FakeProbe(this);

    public void Type(params ShellCommand[] commands)
    {
        Array.ForEach(commands, _typed.Enqueue);
        _wake.Set();
    }

    public void Type(params string[] texts) =>
        Type([.. texts.Select(text => new ShellCommand(1_700_000_000_000_000_000, 1234, "alice", text, IsCut: false))]);

    private sealed class FakeProbe(FakeShells shells) : IBashProbe
    {
        public IReadOnlyList<HookStatus> Hooks => [new HookStatus("readline in /bin/bash", "uprobe at the return", "")];

        public IReadOnlyList<HookStatus> Attach()
        {
            shells.Attached++;
            return Hooks;
        }

        public void Wait(TimeSpan timeout) => shells._wake.WaitOne(timeout);

        public void Wake() => shells._wake.Set();

        public void Drain(IBashSink sink)
        {
            if (shells.OnDrain is { } failure)
            {
                shells.OnDrain = null;
                throw failure;
            }

            while (shells._typed.TryDequeue(out var command))
            {
                sink.Typed(command);
            }
        }

        public ProbeCounters Counters() => new(0, shells.Losses, []);

        public void Dispose() => shells.Detached++;
    }
}
