using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Net;

public sealed class FlowTrackerTests
{
    private readonly FlowTracker _tracker = new(new ProcessNames("/nonexistent"));

    [Fact]
    public void Cumulative_records_become_deltas_and_one_establishment()
    {
        Observe(Tcp(1, tx: 10, rx: 5)).ShouldBe(new Seen(10, 5, 1, 0));
        Observe(Tcp(1, tx: 10, rx: 5)).ShouldBeNull();
        Observe(Tcp(1, tx: 30, rx: 5)).ShouldBe(new Seen(20, 0, 0, 0));
        Observe(Tcp(1, tx: 31, rx: 6, closed: true)).ShouldBe(new Seen(1, 1, 0, 1));
        _tracker.Count.ShouldBe(0);
    }

    [Fact]
    public void A_connection_that_only_its_end_reports_was_established_and_closed()
    {
        Observe(Tcp(7, tx: 1, rx: 2, closed: true)).ShouldBe(new Seen(1, 2, 1, 1));
    }

    [Fact]
    public void A_counter_that_was_read_while_it_changed_is_made_up_for_by_the_next_record()
    {
        Observe(Tcp(1, tx: 100, rx: 0)).ShouldBe(new Seen(100, 0, 1, 0));
        Observe(Tcp(1, tx: 99, rx: 0)).ShouldBeNull();
        Observe(Tcp(1, tx: 120, rx: 0)).ShouldBe(new Seen(20, 0, 0, 0));
    }

    [Fact]
    public void An_empty_connection_is_reported_for_its_establishment()
    {
        Observe(Tcp(1, tx: 0, rx: 0)).ShouldBe(new Seen(0, 0, 1, 0));
    }

    [Fact]
    public void UDP_is_neither_established_nor_closed()
    {
        Observe(Tcp(1, tx: 3, rx: 4) with { Transport = 17 }).ShouldBe(new Seen(3, 4, 0, 0));
        Observe(Tcp(1, tx: 3, rx: 4, closed: true) with { Transport = 17 }).ShouldBeNull();
        _tracker.Count.ShouldBe(0);
    }

    [Fact]
    public void A_full_sweep_forgets_the_flows_whose_last_record_was_lost()
    {
        Observe(Tcp(1, tx: 1, rx: 1));
        Observe(Tcp(2, tx: 1, rx: 1));

        _tracker.BeginFullSweep();
        Observe(Tcp(2, tx: 1, rx: 1)).ShouldBeNull();

        _tracker.ForgetUnseen().ShouldBe(1);
        _tracker.Count.ShouldBe(1);
        Observe(Tcp(2, tx: 5, rx: 1)).ShouldBe(new Seen(4, 0, 0, 0));
    }

    [Fact]
    public void Sums_of_deltas_equal_the_last_record_whatever_the_order_of_reads()
    {
        var random = new Random(20_26);
        ulong tx = 0, rx = 0, seenTx = 0, seenRx = 0;
        for (var i = 0; i < 10_000; i++)
        {
            tx += (ulong)random.NextInt64(1L << 34);
            rx += (ulong)random.NextInt64(3);
            if (Observe(Tcp(9, tx, rx, closed: i == 9999)) is { } delta)
            {
                seenTx += delta.Tx;
                seenRx += delta.Rx;
            }
        }

        (seenTx, seenRx).ShouldBe((tx, rx));
    }

    private sealed record Seen(ulong Tx, ulong Rx, uint Established, uint Closed);

    private Seen? Observe(FlowEvent record) => _tracker.TryObserve(record, out var delta)
        ? new Seen(delta.BytesWritten, delta.BytesRead, delta.Established, delta.Closed)
        : null;

    private static FlowEvent Tcp(ulong id, ulong tx, ulong rx, bool closed = false) =>
        new() { Id = id, TxBytes = tx, RxBytes = rx, Transport = 6, Flags = closed ? FlowEvent.ClosedFlag : (byte)0 };
}
