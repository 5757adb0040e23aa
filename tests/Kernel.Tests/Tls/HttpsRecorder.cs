using EbpfActors.Kernel.Tests.Net;
using EbpfActors.Probes;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Tls;
using EbpfActors.Probes.Tls.Capture;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>The probe with TLS capture of the given files, and what every test of it asks.</summary>
internal sealed class HttpsRecorder(TlsOptions options) : IDisposable
{
    private readonly FlowRecorder _recorder = new(new NetProbeOptions { Http = false, Tls = options });

    public HttpsRecorder(params TlsTarget[] targets)
        : this(Libraries.Capturing(targets))
    {
    }

    public ProbeCounters Counters => _recorder.Counters;

    /// <summary>As told when it was attached.</summary>
    public IReadOnlyList<HookStatus> Hooks => _recorder.Hooks;

    /// <summary>Of one server; other programs of this host speak TLS too.</summary>
    public IReadOnlyList<HttpExchange> On(int serverPort) =>
        [.. _recorder.Exchanges.Where(e => (e.IsClients() ? e.Flow.DestinationPort : e.Flow.SourcePort) == serverPort)];

    /// <summary>Exchanges whose path names the client's port.</summary>
    public IEnumerable<HttpExchange> Told => _recorder.Exchanges.Where(e => e.HasPort());

    /// <summary>Each of the requests once on each side that is captured, each on the connection that its path names.</summary>
    public void ShouldSeeEach(int requests, int serverPort, int sides = 2)
    {
        Until(() => Told.Sum(e => e.Count) >= sides * requests);

        Told.ShouldBeOnTheirConnections(serverPort);
        Told.GroupBy(e => (e.Path, e.IsClients())).ShouldAllBe(g => g.Sum(e => e.Count) == 1);
        Told.Sum(e => e.Count).ShouldBe((uint)(sides * requests));
        _recorder.Counters.Losses.ShouldBeEmpty();
    }

    public void Until(Func<bool> condition) => _recorder.Until(_ => condition(), Seen);

    public void Dispose() => _recorder.Dispose();

    private string Seen() => string.Join('\n', (IEnumerable<object>)
    [
        $"{_recorder.Exchanges.Count} exchanges, the last of them",
        .. _recorder.Exchanges.TakeLast(10).Cast<object>(),
        .. _recorder.Counters.Losses,
        .. _recorder.Counters.LeftOut,
        .. _recorder.Counters.Hooks,
        .. _recorder.Counters.Limits,
        .. _recorder.Hooks,
        .. _recorder.Notes,
    ]);
}
