using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Net;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>
/// The real probe on the real kernel, driven by the test's thread, with every delta kept. It is attached to the cgroup of this run, but
/// some hooks are the kernel's as a whole: TCP connections of the whole host come to it as well.
/// </summary>
internal sealed class FlowRecorder : INetSink, IDisposable
{
    /// <summary>Reasons that connections of any process of the host may raise.</summary>
    private static readonly string[] OfTheHost = ["tcp-table-full", "ring-full", "listener-table-full", "owner-table-full"];

    private readonly NetProbe _probe;
    private readonly List<FlowDelta> _deltas = [];
    private readonly List<HttpExchange> _exchanges = [];
    private readonly List<DnsExchange> _queries = [];
    private readonly List<DomainObservation> _domains = [];

    public FlowRecorder(NetProbeOptions? options = null, Func<BpfObject>? open = null)
    {
        options ??= new NetProbeOptions();
        _probe = new NetProbe(options with { CgroupMount = options.CgroupMount ?? PrivateCgroup.Path }, open ?? (static () => BpfObject.Open("net")));
        Hooks = _probe.Attach();
    }

    public IReadOnlyList<HookStatus> Hooks { get; }

    public IReadOnlyList<HttpExchange> Exchanges => _exchanges;

    public List<ProbeNote> Notes { get; } = [];

    public IReadOnlyList<DnsExchange> Queries => _queries;

    public IReadOnlyList<DomainObservation> Domains => _domains;

    public ProbeCounters Counters => _probe.Counters();

    /// <summary>What only this run's traffic can have cost. What else it lost of its connections is missing in their sums.</summary>
    public IEnumerable<ProbeLoss> OwnLosses => Counters.Losses.Where(l => !OfTheHost.Contains(l.Reason));

    /// <summary>Lets go what was recorded, for a test that records much.</summary>
    public void Forget()
    {
        _deltas.Clear();
        _exchanges.Clear();
        _queries.Clear();
        _domains.Clear();
    }

    /// <summary>Takes all that the kernel has now.</summary>
    public FlowRecorder Collect()
    {
        _probe.Drain(this);
        _probe.Sweep(this);
        _probe.Drain(this);
        return this;
    }

    /// <summary>One sweep and nothing else.</summary>
    public void SweepOnce() => _probe.Sweep(this);

    /// <summary>One turn of a reader that has all the time in the world.</summary>
    public void WaitAndDrain(TimeSpan atMost)
    {
        _probe.Wait(atMost);
        _probe.Drain(this);
    }

    public IReadOnlyList<FlowDelta> Where(Func<FlowIdentity, bool> flow) => [.. _deltas.Where(d => flow(d.Flow))];

    /// <summary>The sums over every flow that matches.</summary>
    public FlowSum Sum(Func<FlowIdentity, bool> flow) => FlowSum.Of(Where(flow));

    /// <summary>Collects until the sums are as wanted; after the deadline it fails with what they are.</summary>
    public void ShouldReach(Func<FlowIdentity, bool> flow, FlowSum expected)
    {
        Until(_ => expected.Equals(Sum(flow).In(expected)), () => $"{expected}, not {Sum(flow).In(expected)}; lost: {string.Join(", ", Counters.Losses)}");
        OwnLosses.ShouldBeEmpty();
    }

    /// <summary>Collects until a condition over the deltas holds.</summary>
    public void Until(Func<IReadOnlyList<FlowDelta>, bool> condition, string what) =>
        Eventually.Holds(() => condition(Collect()._deltas), () => $"lost: {string.Join(", ", Counters.Losses)}", what: what);

    /// <summary>The same, with what to say composed when it fails.</summary>
    public void Until(Func<IReadOnlyList<FlowDelta>, bool> condition, Func<string> what) =>
        Eventually.Holds(() => condition(Collect()._deltas), what, what: "what the recorder has is what the test wants");

    public void Dispose() => _probe.Dispose();

    void INetSink.Flow(in FlowDelta delta) => _deltas.Add(delta);

    void INetSink.Note(ProbeNote note) => Notes.Add(note);

    void INetSink.Http(in HttpExchange exchange) => _exchanges.Add(exchange);

    void INetSink.Dns(in DnsExchange exchange) => _queries.Add(exchange);

    void INetSink.Domain(in DomainObservation domain) => _domains.Add(domain);
}

/// <summary>What a set of flows adds up to. Retransmits are null where the test does not know them: loopback has some when it is busy.</summary>
internal sealed record FlowSum(ulong Written, ulong Read, long Established = 0, long Closed = 0, long? Retransmits = null)
{
    /// <summary>Without what the other does not know.</summary>
    public FlowSum In(FlowSum other) => other.Retransmits is null ? this with { Retransmits = null } : this;

    public static FlowSum Of(IEnumerable<FlowDelta> deltas)
    {
        ulong written = 0, read = 0;
        long established = 0, closed = 0, retransmits = 0;
        foreach (var delta in deltas)
        {
            written += delta.BytesWritten;
            read += delta.BytesRead;
            established += delta.Established;
            closed += delta.Closed;
            retransmits += delta.Retransmits;
        }

        return new FlowSum(written, read, established, closed, retransmits);
    }
}
