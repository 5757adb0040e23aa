using System.Collections.Concurrent;
using EbpfActors.Probes;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Tests.Doubles;

/// <summary>A kernel that a test fills: closed flows wait to be drained, open ones to be swept.</summary>
internal sealed class FakeKernel
{
    private readonly ConcurrentQueue<FlowDelta> _closed = new();
    private readonly ConcurrentQueue<FlowDelta> _open = new();
    private readonly ConcurrentQueue<HttpExchange> _answered = new();
    private readonly ConcurrentQueue<DomainObservation> _named = new();
    private readonly AutoResetEvent _wake = new(false);

    public int Attached { get; private set; }

    public int Detached { get; private set; }

    public int Drained => _drained;

    private int _drained;

    public Exception? OnAttach { get; set; }

    public Exception? OnDrain { get; set; }

    /// <summary>Why the next probe would do better than the one that is attached; taken back by the next attach.</summary>
    public string? Better { get; set; }

    public INetProbe Probe() => new FakeProbe(this);

    public void Close(params FlowDelta[] deltas)
    {
        Array.ForEach(deltas, _closed.Enqueue);
        _wake.Set();
    }

    public void Open(params FlowDelta[] deltas) => Array.ForEach(deltas, _open.Enqueue);

    /// <summary>Exchanges that are over wait to be drained.</summary>
    public void Answer(params HttpExchange[] exchanges)
    {
        Array.ForEach(exchanges, _answered.Enqueue);
        _wake.Set();
    }

    /// <summary>Answers that gave addresses a name wait to be drained.</summary>
    public void Name(params DomainObservation[] domains)
    {
        Array.ForEach(domains, _named.Enqueue);
        _wake.Set();
    }

    public void FailNextDrain(Exception failure)
    {
        OnDrain = failure;
        _wake.Set();
    }

    private sealed class FakeProbe(FakeKernel kernel) : INetProbe
    {
        public IReadOnlyList<HookStatus> Attach()
        {
            if (kernel.OnAttach is { } failure)
            {
                throw failure;
            }

            kernel.Attached++;
            kernel.Better = null;
            return [new HookStatus("tcp-state", "tp_btf/inet_sock_set_state", "")];
        }

        public string? CouldDoBetter() => kernel.Better;

        public void Wait(TimeSpan timeout) => kernel._wake.WaitOne(timeout);

        public void Wake() => kernel._wake.Set();

        public int Drain(INetSink sink)
        {
            if (kernel.OnDrain is { } failure)
            {
                kernel.OnDrain = null;
                throw failure;
            }

            while (kernel._named.TryDequeue(out var domain))
            {
                sink.Domain(domain);
            }

            while (kernel._answered.TryDequeue(out var exchange))
            {
                sink.Http(exchange);
            }

            return Take(kernel._closed, sink);
        }

        public int Sweep(INetSink sink) => Take(kernel._open, sink);

        public ProbeCounters Counters() => new(kernel._drained, [], []);

        public void Dispose() => kernel.Detached++;

        private int Take(ConcurrentQueue<FlowDelta> queue, INetSink sink)
        {
            var taken = 0;
            while (queue.TryDequeue(out var delta))
            {
                sink.Flow(delta);
                taken++;
                Interlocked.Increment(ref kernel._drained);
            }

            return taken;
        }
    }
}
