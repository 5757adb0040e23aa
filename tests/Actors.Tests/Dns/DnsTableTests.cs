using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.Probes;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Dns;

public sealed class DnsTableTests
{
    private readonly FlowLedger _ledger = new();
    private readonly CreditGate _credits = new(100);

    [Fact]
    public void Queries_of_every_process_and_port_to_one_server_are_one_key_with_a_bucket_for_each_code()
    {
        using var batch = Take(
            new FlowTableOptions { EphemeralPortStart = 65535 },
            Some.Query(Some.Asking(port: 1, pid: 1), latency: 10),
            Some.Query(Some.Asking(port: 2, pid: 2), latency: 30, name: "a.test"),
            Some.Query(rcode: -1, latency: 0, retries: 2));

        var sums = batch.Dns.ShouldHaveSingleItem();
        (sums.Key.Pid, sums.Key.ProcessName, sums.Key.SourcePort, sums.Key.DestinationPort).ShouldBe((0u, "", FlowKey.AnyPort, (ushort)53));
        sums.Buckets.Select(b => (b.Key, b.Value with { Pid = 0, Process = "" })).ShouldBe(
            [(new DnsBucketKey(0, "", 0), new DnsTotals(2, 40, 30, 0)), (new DnsBucketKey(-1, "", 0), new DnsTotals(1, 0, 0, 2))]);
        sums.Buckets[0].Value.Latency.ShouldBe(20ul);
        batch.Load.ShouldBe(new FlowLoad { Queries = 3 });
        (_ledger.DnsEntry().In, _ledger.DnsEntry().InFlight).ShouldBe((3, 3));
    }

    [Fact]
    public void Names_and_types_are_told_apart_when_they_are_wanted()
    {
        using var batch = Take(
            new FlowTableOptions { DnsNames = true }, Some.Query(name: "a.test"), Some.Query(name: "a.test", type: 28), Some.Query(name: "b.test"));

        batch.Dns.ShouldHaveSingleItem().Buckets.Select(b => (b.Key.Name, b.Key.QueryType)).ShouldBe(
            [("a.test", (ushort)1), ("a.test", (ushort)28), ("b.test", (ushort)1)]);
    }

    [Fact]
    public void Loopback_is_filtered_and_what_is_given_up_is_lost()
    {
        var table = new FlowTable(new FlowTableOptions(), _ledger);
        table.Add(Some.Query(Some.Asking("127.0.0.1", "127.0.0.53")));
        table.Add(Some.Query());
        table.CountFiltered();
        table.Discard("probe-stopped");

        table.IsEmpty.ShouldBeTrue();
        _ledger.DnsEntry().Filtered.ShouldBe(new Dictionary<string, long> { ["loopback"] = 1 });
        _ledger.DnsEntry().Lost.ShouldBe(new Dictionary<string, long> { ["probe-stopped"] = 1 });
        _ledger.DnsEntry().InFlight.ShouldBe(0);
    }

    [Fact]
    public void Every_measurement_s_key_carries_the_name_of_its_destination()
    {
        var table = new FlowTable(new FlowTableOptions(), _ledger);
        foreach (var address in (string[])["203.0.113.10", "192.0.2.53"])
        {
            table.Domains.Add(new DomainObservation(1, 4242, IpAddress.Parse(address), $"{address}.test", TimeSpan.FromMinutes(1), 1));
        }

        table.Add(Some.Delta());
        table.Add(Some.Exchange());
        table.Add(Some.Query());
        _credits.TryTake();
        using var batch = table.Take(_credits);

        batch.Items[0].Key.Domain.ShouldBe("203.0.113.10.test");
        batch.Http[0].Key.Domain.ShouldBe("203.0.113.10.test");
        batch.Dns[0].Key.Domain.ShouldBe("192.0.2.53.test");
        batch.Items[0].Key.ShouldNotBe(Some.Key());
    }

    private FlowBatch Take(FlowTableOptions options, params DnsExchange[] queries) => Some.Batch(_ledger, _credits, options, queries);
}
