using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Net.Http;
using EbpfActors.Probes.Tls.Capture;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Tls;

/// <summary>Records of sessions and of their joins, in every order, and what becomes of those that no connection is found for.</summary>
public sealed class TlsSessionsTests : INetSink
{
    private const ulong Session = 77;
    private const ulong Conn = 5;

    private readonly HttpTracker _tracker = new(new ProcessNames("/nonexistent"), pathLength: 1024, maxConnections: 100);
    private readonly ManualTime _time = new();
    private readonly TlsSessions _sessions;
    private readonly List<HttpExchange> _exchanges = [];

    public TlsSessionsTests() => _sessions = new TlsSessions(_tracker, maxSessions: 3, _time);

    [Fact]
    public void A_response_is_on_the_connection_that_was_known_before()
    {
        Join(Session, Conn);
        Ask(Session, 0);
        Answer(Session, 0);

        var exchange = _exchanges.ShouldHaveSingleItem();
        (exchange.Path, exchange.Flow.SourcePort, exchange.Flow.Pid, exchange.Flow.Direction).ShouldBe(("/x", (ushort)40000, 123u, Direction.Outgoing));
        (exchange.BytesWritten, exchange.BytesRead, exchange.LatencyNs).ShouldBe((20ul, 50ul, 1000ul));
    }

    [Fact]
    public void A_response_waits_for_its_connection()
    {
        Ask(Session, 0);
        Answer(Session, 0);
        Ask(Session, 1);
        Answer(Session, 1);
        _exchanges.ShouldBeEmpty();

        Join(Session, Conn);

        _exchanges.Select(e => (e.Flow.SourcePort, e.BytesWritten)).ShouldBe([((ushort)40000, 20ul), ((ushort)40000, 20ul)]);
        _sessions.NoJoin.ShouldBe(0);
    }

    [Fact]
    public void What_ends_without_a_connection_is_lost_and_counted_and_not_called_unanswered()
    {
        Ask(Session, 0);
        Answer(Session, 0);
        Ask(Session, 1);
        End(Session);

        _sessions.NoJoin.ShouldBe(1);
        _tracker.LeftOut().ShouldBe([new ProbeLoss("http-unanswered", 1, 0)]);
        (_tracker.Count, _sessions.Count, _exchanges.Count).ShouldBe((0, 0, 0));
    }

    [Fact]
    public void An_exchange_in_one_record_is_on_the_connection_of_its_session()
    {
        Join(Session, Conn);
        Exchange(Session, 0);
        Exchange(Session, 1);

        _exchanges.Select(e => (e.Path, e.Flow.SourcePort, e.BytesWritten, e.BytesRead)).ShouldBe([("/x", (ushort)40000, 20ul, 50ul), ("/x", (ushort)40000, 20ul, 50ul)]);
        _tracker.Count.ShouldBe(0);
    }

    [Fact]
    public void An_exchange_in_one_record_waits_for_its_connection_too()
    {
        Exchange(Session, 0);
        _exchanges.ShouldBeEmpty();

        Join(Session, Conn);

        var exchange = _exchanges.ShouldHaveSingleItem();
        (exchange.Path, exchange.Flow.SourcePort, exchange.BytesWritten, exchange.LatencyNs).ShouldBe(("/x", (ushort)40000, 20ul, 1000ul));
    }

    [Fact]
    public void Patience_ends()
    {
        Ask(Session, 0);
        Answer(Session, 0);
        _time.Pass(TimeSpan.FromSeconds(59));
        _sessions.Sweep(this);
        _sessions.NoJoin.ShouldBe(0);

        _time.Pass(TimeSpan.FromSeconds(2));
        _sessions.Sweep(this);

        _sessions.NoJoin.ShouldBe(1);
        (_tracker.Count, _sessions.Count).ShouldBe((0, 0));
    }

    [Fact]
    public void A_session_that_waits_with_too_much_loses_it_all_and_goes_on_when_it_is_joined()
    {
        for (uint i = 0; i < 129; i++)
        {
            Ask(Session, i);
            Answer(Session, i);
        }

        _sessions.NoJoin.ShouldBe(129);
        Join(Session, Conn);
        Ask(Session, 129);
        Answer(Session, 129);

        _exchanges.ShouldHaveSingleItem();
        _tracker.LeftOut().ShouldBeEmpty();
    }

    [Fact]
    public void More_sessions_than_there_is_room_for_are_lost_and_counted()
    {
        for (ulong session = 1; session <= 4; session++)
        {
            Ask(session, 0);
            Answer(session, 0);
        }

        (_sessions.Count, _sessions.NoJoin).ShouldBe((3, 1));
    }

    [Fact]
    public void A_response_without_a_length_ends_with_the_session_and_counts_its_plaintext()
    {
        Join(Session, Conn);
        Ask(Session, 0);
        Answer(Session, 0, HttpFlags.Tls | HttpFlags.RequestOver);
        End(Session, written: 20, read: 5000);

        _exchanges.Sum(e => (long)e.BytesRead).ShouldBe(5000);
        _exchanges.Sum(e => e.Count).ShouldBe(1u);
    }

    [Fact]
    public void A_closed_connection_ends_each_session_that_was_on_it()
    {
        Join(Session, Conn);
        Ask(Session, 0);
        Join(Session + 1, Conn);
        Join(Session + 1, Conn);
        Ask(Session + 1, 0);
        Join(Session + 2, Conn);
        End(Session + 2);

        _sessions.OnClosed(Conn);
        _sessions.Sweep(this);
        _sessions.Sweep(this);

        _sessions.Count.ShouldBe(0);
        _tracker.LeftOut().ShouldBe([new ProbeLoss("http-unanswered", 2, 0)]);
    }

    [Fact]
    public void A_connection_whose_last_record_was_lost_ends_its_sessions_too()
    {
        Join(Session, Conn);
        Ask(Session, 0);

        _sessions.EndLost(conn => conn != Conn);
        _sessions.Sweep(this);
        _sessions.Sweep(this);
        _sessions.Count.ShouldBe(1);
        _sessions.EndLost(conn => conn == Conn);
        _sessions.Sweep(this);
        _sessions.Sweep(this);

        _sessions.Count.ShouldBe(0);
        _tracker.LeftOut().ShouldBe([new ProbeLoss("http-unanswered", 1, 0)]);
    }

    [Fact]
    public void A_closed_connection_ends_its_session_when_nobody_can_be_reading_any_more()
    {
        Join(Session, Conn);
        Ask(Session, 0);
        _sessions.OnClosed(Conn);
        _sessions.Sweep(this);
        Answer(Session, 0);
        Ask(Session, 1);
        _exchanges.ShouldHaveSingleItem();

        _sessions.Sweep(this);

        _tracker.LeftOut().ShouldBe([new ProbeLoss("http-unanswered", 1, 0)]);
        _sessions.Count.ShouldBe(0);
    }

    void INetSink.Flow(in FlowDelta delta) => throw new InvalidOperationException("no flows here");

    void INetSink.Http(in HttpExchange exchange) => _exchanges.Add(exchange);

    void INetSink.Dns(in DnsExchange exchange) => throw new InvalidOperationException("no DNS here");

    void INetSink.Domain(in DomainObservation domain) => throw new InvalidOperationException("no names here");

    private void Ask(ulong session, uint message)
    {
        var line = new HttpLine { Conn = session, BegunNs = 1000, Pos = message * 20, Message = message, Flags = HttpFlags.Tls | HttpFlags.Complete };
        var text = "GET /x HTTP/1.1\r\n"u8;
        text.CopyTo(line.Bytes);
        line.Length = (ushort)text.Length;
        _sessions.OnLine(line);
    }

    private void Answer(ulong session, uint message, HttpFlags flags = HttpFlags.Tls | HttpFlags.Complete | HttpFlags.RequestOver) =>
        _sessions.OnHead(Head(session, message, flags), this);

    private void Exchange(ulong session, uint message)
    {
        var line = "GET /x HTTP/1.1\r\n"u8;
        var record = new byte[Unsafe.SizeOf<HttpExchangeRecord>() + HttpExchangeRecord.ShortLine];
        MemoryMarshal.AsRef<HttpExchangeRecord>(record.AsSpan()) = new HttpExchangeRecord
        {
            Head = Head(session, message, HttpFlags.Tls | HttpFlags.Complete | HttpFlags.RequestOver),
            RequestNs = 1000,
            RequestFrom = message * 20,
            Length = (ushort)line.Length,
            Flags = HttpFlags.Complete,
        };
        line.CopyTo(record.AsSpan(Unsafe.SizeOf<HttpExchangeRecord>()));
        _sessions.TryConsume(record, this).ShouldBeTrue();
    }

    private static HttpHead Head(ulong session, uint message, HttpFlags flags) => new()
    {
        Conn = session,
        BegunNs = 2000,
        Pos = message * 50,
        End = (message * 50) + 50,
        RequestPos = (message * 20) + 20,
        Message = message,
        Status = 200,
        Minor = (byte)'1',
        Flags = flags,
    };

    private void Join(ulong session, ulong conn) =>
        _sessions.OnJoin(new TlsJoin { Session = session, Conn = conn, Sport = 40000, Dport = 443, Tgid = 123, Netns = 9 }, this);

    private void End(ulong session, ulong written = 0, ulong read = 0) =>
        _sessions.OnEnd(new TlsEnd { Session = session, Written = written, Read = read }, this);

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Pass(TimeSpan time) => _now += time.Ticks;
    }
}
