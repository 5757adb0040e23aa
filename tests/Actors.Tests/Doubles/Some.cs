using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.LineProtocol;
using EbpfActors.Probes;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Tests.Doubles;

/// <summary>Records and keys that differ only in what a test is about.</summary>
internal static class Some
{
    public static FlowIdentity Flow(
        string source = "192.0.2.15",
        string destination = "203.0.113.10",
        ushort sourcePort = 40000,
        ushort destinationPort = 443,
        Transport transport = Transport.Tcp,
        Direction direction = Direction.Outgoing,
        uint pid = 4242,
        string process = "curl") =>
        new(IpAddress.Parse(source), IpAddress.Parse(destination), sourcePort, destinationPort, transport, direction, pid, 1, process);

    public static FlowDelta Delta(FlowIdentity? flow = null, ulong read = 10, ulong written = 5, uint rtt = 0, uint rttVar = 0) =>
        new(flow ?? Flow(), read, written, Retransmits: 0, Established: 0, Closed: 0, rtt, rttVar);

    public static FlowDelta DeltaOfPid(uint pid, ulong read = 10, ulong written = 5) => Delta(Flow(pid: pid), read, written);

    public static FlowKey Key(FlowIdentity? flow = null) => FlowKey.Of(flow ?? Flow(), ephemeralStart: 0);

    public static HttpExchange Exchange(
        FlowIdentity? flow = null,
        string method = "GET",
        string path = "/",
        ushort status = 200,
        uint count = 1,
        ulong read = 100,
        ulong written = 50,
        ulong latency = 1000,
        string version = "1.1",
        bool truncated = false) =>
        new(flow ?? Flow(), method, path, truncated, version, status, count, read, written, latency);

    public static FlowIdentity Asking(string client = "192.0.2.15", string server = "192.0.2.53", ushort port = 40000, uint pid = 4242) =>
        Flow(client, server, port, 53, Transport.Udp, pid: pid);

    public static DnsExchange Query(
        FlowIdentity? flow = null, int rcode = 0, ulong latency = 1000, string name = "", ushort type = 1, uint retries = 0) =>
        new(flow ?? Asking(), name, type, rcode, latency, retries);

    public static FlowBatch Batch(FlowLedger ledger, CreditGate credits, FlowTableOptions options, params DnsExchange[] queries)
    {
        var table = new FlowTable(options, ledger);
        foreach (var query in queries)
        {
            table.Add(query);
        }

        credits.TryTake();
        return table.Take(credits);
    }

    public static FlowRenderers Renderers(IFlowLineRenderer? flows = null) =>
        new(flows ?? new PlainRenderer(), new HttpflowLineRenderer(Identity, new LineCuts()), new DnsflowLineRenderer(Identity, new LineCuts()));

    private static readonly PointIdentity Identity = new("node-1", "ebpf", []);

    public static FlowBatch Batch(FlowLedger ledger, CreditGate credits, params HttpExchange[] exchanges)
    {
        var table = new FlowTable(new FlowTableOptions(), ledger);
        foreach (var exchange in exchanges)
        {
            table.Add(exchange);
        }

        credits.TryTake();
        return table.Take(credits);
    }

    public static FlowBatch Batch(FlowLedger ledger, CreditGate credits, params FlowDelta[] deltas)
    {
        var table = new FlowTable(new FlowTableOptions(), ledger);
        foreach (var delta in deltas)
        {
            table.Add(delta);
        }

        credits.TryTake();
        return table.Take(credits);
    }

    public static LedgerEntry FlowsEntry(this FlowLedger ledger) =>
        ledger.Stage(LedgerStages.Flows, "records").Snapshot();

    public static LedgerEntry DnsEntry(this FlowLedger ledger) =>
        ledger.Stage(LedgerStages.Dns, "queries").Snapshot();

    public static LedgerEntry HttpEntry(this FlowLedger ledger) =>
        ledger.Stage(LedgerStages.Http, "exchanges").Snapshot();
}
