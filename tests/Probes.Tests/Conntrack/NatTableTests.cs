using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Conntrack;

public sealed class NatTableTests
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(60);
    private static readonly NatTarget Backend = new(IpAddress.Parse("10.0.0.9"), 8080);
    private static readonly NatTarget Other = new(IpAddress.Parse("10.0.0.10"), 8080);

    private readonly ManualTime _time = new();
    private readonly NatTable _table;

    public NatTableTests() => _table = new NatTable(capacity: 2, Linger, _time);

    [Fact]
    public void The_own_namespace_is_asked_first_and_others_only_when_they_agree()
    {
        _table.Add(Tuple(1), netNs: 1, Backend);
        _table.Find(Tuple(1), netNs: 9).ShouldBe(Backend);

        _table.Add(Tuple(1), netNs: 2, Other);

        _table.Find(Tuple(1), netNs: 2).ShouldBe(Other);
        _table.Find(Tuple(1), netNs: 9).IsKnown.ShouldBeFalse();
        _table.Ambiguous.ShouldBe(1);
    }

    [Fact]
    public void An_ended_connection_is_known_until_its_time_is_over()
    {
        _table.Add(Tuple(1), 1, Backend);
        _table.End(Tuple(1), 1);

        _time.Advance(Linger - TimeSpan.FromSeconds(1));
        _table.Find(Tuple(1), 1).ShouldBe(Backend);
        _time.Advance(TimeSpan.FromSeconds(1));
        _table.Find(Tuple(1), 1, bornNs: 1).ShouldBe(Backend, "it began before that ended");
        _table.End(Tuple(2), 1); // any news

        _table.Find(Tuple(1), 1).IsKnown.ShouldBeFalse();
        _table.Count.ShouldBe(0);
    }

    [Fact]
    public void An_entry_that_had_ended_when_a_connection_began_is_not_its_own()
    {
        _table.Add(Tuple(1), 1, Backend);
        _table.Find(Tuple(1), 1, bornNs: ulong.MaxValue).ShouldBe(Backend);
        _table.End(Tuple(1), 1, atNs: 1000);

        _table.Find(Tuple(1), 1, bornNs: 1000).ShouldBe(Backend);
        _table.Find(Tuple(1), 1, bornNs: 1001).IsKnown.ShouldBeFalse();
        _table.Find(Tuple(1), netNs: 9, bornNs: 1001).IsKnown.ShouldBeFalse();
        _table.Add(Tuple(1), 2, Other);
        _table.Find(Tuple(1), netNs: 9, bornNs: 1001).ShouldBe(Other);
        _table.Find(Tuple(1), netNs: 1, bornNs: 1001).ShouldBe(Other, "its own namespace translated an earlier one");
        _table.Find(Tuple(1), netNs: 9, bornNs: 900).IsKnown.ShouldBeFalse("two namespaces disagree");
    }

    [Fact]
    public void One_that_begins_again_does_not_end_with_its_predecessor()
    {
        _table.Add(Tuple(1), 1, Backend);
        _table.End(Tuple(1), 1);
        _table.Add(Tuple(1), 1, Other);

        _time.Advance(2 * Linger);
        _table.End(Tuple(2), 1);

        _table.Find(Tuple(1), 1).ShouldBe(Other);
    }

    [Fact]
    public void A_full_table_lets_ended_ones_go_first_and_then_refuses()
    {
        _table.Add(Tuple(1), 1, Backend);
        _table.Add(Tuple(2), 1, Backend);
        _table.End(Tuple(1), 1);

        _table.Add(Tuple(3), 1, Backend);
        _table.Add(Tuple(4), 1, Backend);

        _table.Find(Tuple(1), 1).IsKnown.ShouldBeFalse();
        _table.Find(Tuple(3), 1).ShouldBe(Backend);
        _table.Find(Tuple(4), 1).IsKnown.ShouldBeFalse();
        (_table.Count, _table.Refused).ShouldBe((2, 1));
    }

    [Fact]
    public void After_a_dump_what_it_did_not_show_has_ended()
    {
        _table.Add(Tuple(1), 1, Backend);
        _table.BeginDump(netNs: 1);
        _table.AddDumped(Tuple(2), Backend);

        _table.EndDump();
        _time.Advance(2 * Linger);
        _table.End(Tuple(9), 1);

        _table.Find(Tuple(1), 1).IsKnown.ShouldBeFalse();
        _table.Find(Tuple(2), 1).ShouldBe(Backend);
    }

    [Fact]
    public void News_that_come_during_a_dump_count_more_than_what_it_says()
    {
        var other = new NatTarget(IpAddress.Parse("10.0.0.99"), 99);
        _table.BeginDump(netNs: 1);
        _table.End(Tuple(1), 1);
        _table.Add(Tuple(2), 1, other);

        _table.AddDumped(Tuple(1), Backend);
        _table.AddDumped(Tuple(2), Backend);
        _table.EndDump();

        _table.Find(Tuple(1), 1).IsKnown.ShouldBeFalse();
        _table.Find(Tuple(2), 1).ShouldBe(other);
    }

    [Fact]
    public void A_dump_that_came_to_nothing_leaves_everything_as_it_was()
    {
        _table.Add(Tuple(1), 1, Backend);

        _table.BeginDump(netNs: 1);
        _table.LeaveDump();
        _table.AddDumped(Tuple(2), Backend);

        _table.Find(Tuple(1), 1).ShouldBe(Backend);
        _table.Find(Tuple(2), 1).IsKnown.ShouldBeFalse();
    }

    private static NatTuple Tuple(ushort port) => new(IpAddress.Parse("10.0.0.1"), IpAddress.Parse("10.96.0.1"), port, 80, Transport.Tcp);

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan by) => _now += by.Ticks;
    }
}
