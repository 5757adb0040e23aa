using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.LineProtocol;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Dns;

public sealed class DnsBucketsTests
{
    private readonly CardinalityBudget _budget = new(3);
    private readonly DnsflowLineRenderer _renderer = new(new PointIdentity("node-1", "ebpf", []), new LineCuts());

    [Fact]
    public void Keys_share_a_budget_and_give_it_back_with_the_flush_and_with_their_end()
    {
        var (first, second) = (Buckets(), Buckets());
        Add(first, "a.test", "b.test", "c.test");
        Add(second, "d.test", "e.test");
        _budget.Taken.ShouldBe(3);

        // Two names and the rest; the second key found one place left.
        Flush(first).ShouldBe(3);
        Flush(second).ShouldBe(2);
        _budget.Taken.ShouldBe(0);
        Add(second, "x.test", "y.test");
        Flush(second).ShouldBe(2);
        Add(first, "x.test");
        first.Release();
        _budget.Taken.ShouldBe(0);
    }

    [Fact]
    public void Without_names_nothing_is_taken_from_the_budget()
    {
        var buckets = Buckets();
        Add(buckets, "", "", "");

        _budget.Taken.ShouldBe(0);
        Flush(buckets).ShouldBe(1);
        Flush(buckets).ShouldBe(0);
    }

    [Fact]
    public void What_overflows_keeps_its_response_code()
    {
        var buckets = new DnsBuckets(new DnsNameLimits { PerFlow = 1 }, _budget);
        var sums = Sums(Some.Query(name: "a.test"), Some.Query(name: "b.test", rcode: 3), Some.Query(name: "c.test", rcode: 3));
        buckets.Add(sums);

        Flush(buckets).ShouldBe(2);
    }

    [Fact]
    public void Whose_queries_overflowed_is_told_once()
    {
        var buckets = Buckets();
        var asking = Some.Asking();
        buckets.Add(Sums(
            Some.Query(name: "a.test"),
            Some.Query(name: "b.test"),
            Some.Query(asking with { Pid = 7, ProcessName = "crawler" }, name: "c.test"),
            Some.Query(asking with { Pid = 7, ProcessName = "crawler" }, name: "c.test"),
            Some.Query(asking with { Pid = 7, ProcessName = "crawler" }, name: "d.test"),
            Some.Query(asking with { Pid = 8, ProcessName = "curl" }, name: "e.test")));

        buckets.Flush(_renderer, Some.Key(asking), 1).Overflowed.ShouldBe([new DnsOverflow("crawler", 7, 3), new DnsOverflow("curl", 8, 1)], ignoreOrder: true);
        buckets.Flush(_renderer, Some.Key(asking), 1).Overflowed.ShouldBeEmpty();
    }

    private DnsBuckets Buckets() => new(new DnsNameLimits { PerFlow = 2, Total = 3 }, _budget);

    private static void Add(DnsBuckets buckets, params string[] names) => buckets.Add(Sums([.. names.Select(n => Some.Query(name: n))]));

    private static DnsSums Sums(params DnsExchange[] queries)
    {
        using var batch = Some.Batch(new FlowLedger(), new CreditGate(1), new FlowTableOptions { DnsNames = true }, queries);
        return batch.Dns[0];
    }

    /// <summary>How many lines.</summary>
    private int Flush(DnsBuckets buckets) => buckets.Flush(_renderer, Some.Key(Some.Asking()), 1).Lines.Length;
}
