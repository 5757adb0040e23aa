using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Tests.Doubles;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Flows;

public sealed class FlowTableTests
{
    private readonly FlowLedger _ledger = new();
    private readonly CreditGate _credits = new(1);

    [Fact]
    public void Records_of_one_key_leave_as_one_item()
    {
        using var batch = Some.Batch(_ledger, _credits, Some.DeltaOfPid(1), Some.DeltaOfPid(2), Some.DeltaOfPid(1));

        batch.Load.ShouldBe(new FlowLoad(3, 0, 0));
        batch.Items.ToArray().Select(i => (i.Key.Pid, i.Totals.BytesRead)).ShouldBe([(1u, 20ul), (2u, 10ul)]);
        _ledger.FlowsEntry().InFlight.ShouldBe(3);
    }

    [Fact]
    public void What_is_left_out_on_purpose_is_counted_as_filtered_and_not_as_lost()
    {
        var table = Table();
        table.Add(Some.Delta(Some.Flow("127.0.0.1")));
        table.Add(Some.Delta(Some.Flow("0.0.0.0")));
        table.Add(Some.Delta(read: 0, written: 0));
        table.CountFiltered();

        var entry = _ledger.FlowsEntry();
        entry.Filtered.ShouldBe(new Dictionary<string, long> { ["loopback"] = 1, ["no-address"] = 1 }, ignoreOrder: true);
        entry.Lost.ShouldBeEmpty();
        (entry.In, entry.InFlight).ShouldBe((2, 0));
    }

    [Fact]
    public void Disposing_of_a_batch_returns_its_credit_once()
    {
        var batch = Some.Batch(_ledger, _credits, Some.Delta());
        _credits.UnderWay.ShouldBe(1);

        batch.Dispose();
        batch.Dispose();

        _credits.UnderWay.ShouldBe(0);
        batch.Items.Length.ShouldBe(0);
    }

    [Fact]
    public void A_record_of_a_known_key_allocates_nothing()
    {
        var table = Table();
        var delta = Some.Delta();
        table.Add(delta);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            table.Add(delta);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private FlowTable Table() => new(new FlowTableOptions(), _ledger);
}
