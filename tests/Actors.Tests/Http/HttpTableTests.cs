using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Http;

public sealed class HttpTableTests
{
    private readonly FlowLedger _ledger = new();
    private readonly CreditGate _credits = new(100);
    private readonly FlowTable _table;

    public HttpTableTests() => _table = new FlowTable(new FlowTableOptions { BatchKeys = 3 }, _ledger);

    [Fact]
    public void Exchanges_of_one_key_leave_as_one_item_with_a_sum_for_each_bucket()
    {
        var other = Some.Flow(pid: 2);
        using var batch = Take(Some.Exchange(path: "/a"), Some.Exchange(other), Some.Exchange(path: "/b"), Some.Exchange(path: "/a", count: 0));

        batch.Load.ShouldBe(new FlowLoad(0, Exchanges: 3, Parts: 4));
        batch.Items.Length.ShouldBe(0);
        batch.Http.Length.ShouldBe(2);
        var sums = batch.Http[0].Sums.Buckets;
        sums.Select(b => (b.Key.Path, b.Totals.Count, b.Totals.BytesRead)).ShouldBe([("/a", 1UL, 200UL), ("/b", 1UL, 100UL)]);
        (_ledger.HttpEntry().In, _ledger.HttpEntry().InFlight).ShouldBe((3, 3));
        _ledger.FlowsEntry().In.ShouldBe(0);
    }

    [Fact]
    public void Flows_and_buckets_fill_a_batch_together()
    {
        _table.Add(Some.DeltaOfPid(1));
        _table.Add(Some.Exchange(path: "/a"));
        _table.Add(Some.Exchange(path: "/a"));
        _table.IsFull.ShouldBeFalse();

        _table.Add(Some.Exchange(path: "/b"));

        _table.IsFull.ShouldBeTrue();
        Take().Dispose();
        (_table.IsFull, _table.IsEmpty).ShouldBe((false, true));
    }

    [Fact]
    public void What_the_collector_itself_and_DataKit_say_is_left_out_and_counted()
    {
        var table = new FlowTable(new FlowTableOptions { Collector = new CollectorProcesses { OwnPid = 7 } }, _ledger);
        table.Add(Some.Exchange(Some.Flow(pid: 7, process: "ebpf-actors")));
        table.Add(Some.Exchange(Some.Flow(pid: 8, process: "datakit")));
        table.Add(Some.Exchange(Some.Flow(pid: 9, process: "datakit-ebpf")));
        table.Add(Some.DeltaOfPid(7));
        table.Add(Some.Exchange(Some.Flow(pid: 10, process: "my-datakit")));
        table.Add(Some.Exchange(Some.Flow(pid: 0, process: "")));
        table.CountFiltered();

        using var batch = table.Take(_credits);
        _ledger.HttpEntry().Filtered["collector"].ShouldBe(3);
        batch.Load.ShouldBe(new FlowLoad(1, Exchanges: 2, Parts: 2));
    }

    [Fact]
    public void Everybody_is_told_of_when_nobody_is_to_be_left_out()
    {
        _table.Add(Some.Exchange(Some.Flow(pid: 0, process: "datakit")));

        Take().Dispose();
        _ledger.HttpEntry().In.ShouldBe(1);
    }

    [Fact]
    public void Loopback_is_filtered_and_counts_exchanges_only()
    {
        var local = Some.Flow("127.0.0.1", "127.0.0.1");
        _table.Add(Some.Exchange(local));
        _table.Add(Some.Exchange(local, count: 0));
        _table.Add(Some.Exchange(Some.Flow("192.0.2.1", "::1")));
        _table.Add(Some.Exchange(count: 0, read: 0, written: 0));
        _table.CountFiltered();

        _table.IsEmpty.ShouldBeTrue();
        _ledger.HttpEntry().Filtered.ShouldBe(new Dictionary<string, long> { ["loopback"] = 2 });
        (_ledger.HttpEntry().In, _ledger.HttpEntry().InFlight).ShouldBe((2, 0));
    }

    [Fact]
    public void What_is_given_up_is_counted_as_lost()
    {
        _table.Add(Some.Exchange());
        _table.Add(Some.Exchange(count: 0));
        _table.Discard("probe-stopped");

        _table.IsEmpty.ShouldBeTrue();
        _ledger.HttpEntry().Lost.ShouldBe(new Dictionary<string, long> { ["probe-stopped"] = 1 });
        _ledger.FlowsEntry().Lost.ShouldBeEmpty();
    }

    [Fact]
    public void An_exchange_of_a_known_bucket_allocates_nothing_and_neither_do_its_sums_in_the_next_batch()
    {
        var buckets = new HttpBuckets(new HttpPathLimits(), new CardinalityBudget(10));
        var exchange = Some.Exchange();
        Round(); // The first rounds make the dictionaries and what the pools keep.
        Round();

        // A collection that other tests bring about trims the shared pools: one attempt without one is enough.
        var allocated = Enumerable.Range(0, 5).Min(_ => Allocated());

        // A batch is an object of its own; nothing else is, however many exchanges it sums.
        allocated.ShouldBeLessThanOrEqualTo(100 * 128);

        long Allocated()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                Round();
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        void Round()
        {
            for (var i = 0; i < 1000; i++)
            {
                _table.Add(exchange);
            }

            _credits.TryTake();
            using var batch = _table.Take(_credits);
            buckets.Add(batch.Http[0].Sums);
        }
    }

    private FlowBatch Take(params HttpExchange[] exchanges)
    {
        Array.ForEach(exchanges, e => _table.Add(e));
        _credits.TryTake();
        return _table.Take(_credits);
    }
}
