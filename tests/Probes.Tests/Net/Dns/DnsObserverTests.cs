using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Net.Dns;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Net.Dns;

/// <summary>Packets in, exchanges out. Times are milliseconds of the packets' own clock.</summary>
public sealed class DnsObserverTests
{
    private const ulong Millisecond = 1_000_000;

    private readonly DnsObserver _observer = new(new DnsReading(TimeSpan.FromSeconds(6), Names: true, MaxQueries: 4), new ProcessNames("/nowhere"));
    private readonly RecordingSink _sink = new();

    [Fact]
    public void An_answer_ends_its_query_with_code_latency_and_name()
    {
        Ask(1, "WWW.test", at: 1000);
        Answer(1, "www.TEST", rcode: 3, at: 1012);

        var exchange = _sink.Exchanges.ShouldHaveSingleItem();
        (exchange.Name, exchange.QueryType, exchange.Rcode, exchange.LatencyNs, exchange.Retries).ShouldBe(("www.test", DnsBytes.A, 3, 12 * Millisecond, 0u));
        var flow = new FlowIdentity(IpAddress.Parse("10.0.0.1"), IpAddress.Parse("10.0.0.53"), 40_000, 53, Transport.Udp, Direction.Outgoing, 7, 1, "");
        exchange.Flow.ShouldBe(flow with { BornNs = 1000 * Millisecond });
        LeftOut().ShouldBeEmpty();
    }

    [Fact]
    public void The_server_s_side_is_incoming_and_names_nothing()
    {
        var query = DnsBytes.Query(1, "a.test");
        Packet(query, DnsFlags.None, at: 10);
        Packet(DnsBytes.Answer(query, 0, DnsBytes.Address("a.test", "192.0.2.1")), DnsFlags.Sent, at: 11);

        _sink.Exchanges.ShouldHaveSingleItem().Flow.Direction.ShouldBe(Direction.Incoming);
        _sink.Domains.ShouldBeEmpty();
    }

    [Fact]
    public void A_query_that_is_asked_again_is_one_query_that_began_when_it_was_asked_first()
    {
        Ask(1, "a.test", at: 0);
        Ask(1, "a.test", at: 2000);
        Ask(1, "a.test", at: 4000);
        Answer(1, "a.test", at: 4005);
        Answer(1, "a.test", at: 4006);

        var exchange = _sink.Exchanges.ShouldHaveSingleItem();
        (exchange.Retries, exchange.LatencyNs).ShouldBe((2u, 4005 * Millisecond));
        LeftOut().ShouldBe(["dns-retries 2", "dns-duplicate 1"]);
    }

    [Theory]
    [InlineData(5999, 0)]
    [InlineData(6000, 1)]
    public void A_query_times_out_when_it_is_due_and_not_before(int now, int expected)
    {
        Ask(1, "a.test", at: 0);
        _observer.WaitAtMost(TimeSpan.FromSeconds(10), 4000 * Millisecond).ShouldBe(TimeSpan.FromMilliseconds(2001));
        _observer.WaitAtMost(TimeSpan.FromSeconds(1), 4000 * Millisecond).ShouldBe(TimeSpan.FromSeconds(1));
        _observer.WaitAtMost(TimeSpan.FromSeconds(1), 7000 * Millisecond).ShouldBe(TimeSpan.Zero);

        _observer.Expire((ulong)now * Millisecond, _sink);
        _observer.Expire((ulong)now * Millisecond, _sink);

        _sink.Exchanges.Select(e => (e.Rcode, e.LatencyNs)).ShouldBe(Enumerable.Repeat((DnsExchange.TimedOut, 0ul), expected));
        _observer.WaitAtMost(TimeSpan.FromSeconds(10), 5999 * Millisecond).ShouldBe(TimeSpan.FromMilliseconds(expected == 0 ? 2 : 10_000));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_answer_after_the_timeout_is_late_whether_or_not_somebody_looked_in_between(bool looked)
    {
        Ask(1, "a.test", at: 0);
        if (looked)
        {
            _observer.Expire(6000 * Millisecond, _sink);
        }

        Answer(1, "a.test", at: 6000);
        _observer.Expire(6001 * Millisecond, _sink);

        _sink.Exchanges.ShouldHaveSingleItem().Rcode.ShouldBe(DnsExchange.TimedOut);
        LeftOut().ShouldBe(["dns-late 1"]);
    }

    [Fact]
    public void Answers_that_nobody_asked_for_are_counted_and_leave_nothing()
    {
        Ask(1, "a.test", at: 0);
        Answer(2, "a.test", at: 1);
        Answer(1, "b.test", at: 1);
        Packet(DnsBytes.Answer(DnsBytes.Query(1, "a.test"), 0, DnsBytes.Address("a.test", "192.0.2.66")), DnsFlags.None, at: 1, sport: 40_001);

        _sink.Exchanges.ShouldBeEmpty();
        _sink.Domains.ShouldBeEmpty();
        LeftOut().ShouldBe(["dns-unasked 3"]);
        Answer(1, "a.test", at: 2);
        _sink.Exchanges.Count.ShouldBe(1);
    }

    [Fact]
    public void Two_questions_with_one_id_are_two_queries()
    {
        Ask(1, "a.test", at: 0);
        Packet(DnsBytes.Query(1, "a.test", DnsBytes.Aaaa), DnsFlags.Sent, at: 1);
        Packet(DnsBytes.Answer(DnsBytes.Query(1, "a.test", DnsBytes.Aaaa), 0), DnsFlags.None, at: 5);
        Answer(1, "a.test", at: 9);

        _sink.Exchanges.Select(e => (e.QueryType, e.LatencyNs / Millisecond)).ShouldBe([(DnsBytes.Aaaa, 4ul), (DnsBytes.A, 9ul)]);
    }

    [Fact]
    public void An_answer_without_a_question_belongs_to_its_id()
    {
        Ask(1, "a.test", at: 0);
        Packet([0, 1, 0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0], DnsFlags.None, at: 3);

        _sink.Exchanges.ShouldHaveSingleItem().Rcode.ShouldBe(1);
    }

    [Fact]
    public void More_queries_than_there_is_room_for_are_counted_and_those_that_are_over_make_room()
    {
        for (ushort id = 0; id < 6; id++)
        {
            Ask(id, "a.test", at: id);
        }

        _observer.Losses().Select(l => $"{l.Reason} {l.Records}").ShouldBe(["dns-too-many-queries 2"]);
        _observer.Expire(6003 * Millisecond, _sink);
        Ask(9, "a.test", at: 6004);
        Answer(9, "a.test", at: 6005);

        _sink.Exchanges.Select(e => e.Rcode).ShouldBe([-1, -1, -1, -1, 0]);
        _observer.Losses().ShouldHaveSingleItem().Records.ShouldBe(2);
    }

    [Fact]
    public void What_cannot_be_read_is_counted_by_reason()
    {
        Packet([1, 2, 3], DnsFlags.Sent, at: 0);
        Packet([.. DnsBytes.Query(1, "a.test")[..12], 0xC0, 12, 0, 1, 0, 1], DnsFlags.Sent, at: 0);
        Ask(1, "a.test", at: 0);
        var answer = DnsBytes.Answer(DnsBytes.Query(1, "a.test"), 0, DnsBytes.Address("a.test", "192.0.2.1"));
        Packet(answer[..^1], DnsFlags.None, at: 1);

        // The answer came, with a code: only what it says of addresses is not to be trusted.
        _sink.Exchanges.ShouldHaveSingleItem().Rcode.ShouldBe(0);
        _sink.Domains.ShouldBeEmpty();
        LeftOut().ShouldBe(["dns-short-header 1", "dns-false-counts 1", "dns-bad-pointer 1"]);
    }

    [Fact]
    public void A_datagram_that_did_not_fit_into_its_record_is_an_answer_and_counts_as_truncated()
    {
        Ask(1, "a.test", at: 0);
        var answer = DnsBytes.Answer(DnsBytes.Query(1, "a.test"), 0, [.. Enumerable.Repeat(DnsBytes.Address("a.test", "192.0.2.1"), 300)]);
        _observer.OnRecord(
            DnsPackets.Record(answer[..4096], Transport.Udp, DnsFlags.None, 1 * Millisecond, length: answer.Length), _sink);

        _sink.Exchanges.ShouldHaveSingleItem().Rcode.ShouldBe(0);
        LeftOut().ShouldBe(["dns-truncated 1"]);
    }

    [Fact]
    public void A_record_that_is_none_is_counted()
    {
        _observer.OnRecord(new byte[63], _sink);
        _observer.OnRecord(DnsPackets.Record(new byte[20], Transport.Udp, DnsFlags.Sent, 0).AsSpan(..70), _sink);

        _observer.Losses().Select(l => $"{l.Reason} {l.Records}").ShouldBe(["dns-malformed-record 2"]);
    }

    [Fact]
    public void Queries_end_once_whatever_the_order_of_things()
    {
        var observer = new DnsObserver(new DnsReading(TimeSpan.FromSeconds(6), Names: false, MaxQueries: 1 << 16), new ProcessNames("/proc"));
        var random = new Random(6);
        var (asked, now) = (0, 0UL);
        for (var i = 0; i < 50_000; i++)
        {
            now += (ulong)random.Next(10) * Millisecond;
            var id = (ushort)random.Next(2000);
            var isQuery = random.Next(2) == 0;
            var query = DnsBytes.Query(id, $"{id % 7}.test");
            asked += isQuery ? 1 : 0;
            observer.OnRecord(
                DnsPackets.Record(isQuery ? query : DnsBytes.Answer(query, 0), Transport.Udp, isQuery ? DnsFlags.Sent : DnsFlags.None, now), _sink);
            if (random.Next(50) == 0)
            {
                observer.Expire(now, _sink);
            }
        }

        observer.Expire(now + (6000 * Millisecond), _sink);

        var counted = observer.LeftOut().ToDictionary(l => l.Reason, l => l.Records);
        (_sink.Exchanges.Count + counted["dns-retries"]).ShouldBe(asked);
        var answers = _sink.Exchanges.Count(e => e.Rcode == 0) + counted["dns-late"] + counted["dns-duplicate"] + counted["dns-unasked"];
        answers.ShouldBe(50_000 - asked);
        _sink.Exchanges.ShouldContain(e => e.Rcode == -1);
    }

    [Fact]
    public void A_query_that_was_seen_translated_is_found_by_what_connection_tracking_says_and_not_without()
    {
        var nat = new FakeNat();
        var observer = new DnsObserver(new DnsReading(TimeSpan.FromSeconds(6), Names: false, MaxQueries: 4) { Nat = nat }, new ProcessNames("/nowhere"));
        var query = DnsBytes.Query(1, "a.test");
        var answer = DnsBytes.Answer(query, 0);
        observer.OnRecord(DnsPackets.Record(query, Transport.Udp, DnsFlags.Sent, 0, remote: 99), _sink);

        observer.OnRecord(DnsPackets.Record(answer, Transport.Udp, DnsFlags.None, 1), _sink);
        _sink.Exchanges.ShouldBeEmpty();
        nat.News = new NatTarget(IpAddress.Parse("10.0.0.98"), 53);
        observer.OnRecord(DnsPackets.Record(answer, Transport.Udp, DnsFlags.None, 2), _sink);
        _sink.Exchanges.ShouldBeEmpty();
        nat.News = new NatTarget(IpAddress.Parse("10.0.0.99"), 53);
        observer.OnRecord(DnsPackets.Record(answer, Transport.Udp, DnsFlags.None, 3), _sink);

        _sink.Exchanges.ShouldHaveSingleItem().Flow.Destination.ShouldBe(IpAddress.Parse("10.0.0.53"));
        observer.LeftOut().Select(l => $"{l.Reason} {l.Records}").ShouldBe(["dns-unasked 2"]);
    }

    private void Ask(ushort id, string name, int at) => Packet(DnsBytes.Query(id, name), DnsFlags.Sent, at);

    private void Answer(ushort id, string name, int at, int rcode = 0) => Packet(DnsBytes.Answer(DnsBytes.Query(id, name), rcode), DnsFlags.None, at);

    private void Packet(byte[] message, DnsFlags flags, int at, ushort sport = 40_000) =>
        _observer.OnRecord(DnsPackets.Record(message, Transport.Udp, flags, (ulong)at * Millisecond, sport), _sink);

    /// <summary>Knows the news once it has caught up.</summary>
    private sealed class FakeNat : INatLookup
    {
        private NatTarget _known;

        public NatTarget News
        {
            get;
            set => (field, _known) = (value, default);
        }

        public void CatchUp() => _known = News;

        public NatTarget Find(in FlowIdentity flow) =>
            (flow.Source.ToString(), flow.Destination.ToString(), flow.SourcePort, flow.DestinationPort) == ("10.0.0.1", "10.0.0.53", 40_000, 53) ? _known : default;
    }

    private IEnumerable<string> LeftOut() => _observer.LeftOut().Select(l => $"{l.Reason} {l.Records}");
}
