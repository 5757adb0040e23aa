using CsCheck;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Net.Http;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Net.Http;

/// <summary>Whatever order the kernel's records come in, and whichever of them are lost: nothing is invented, nothing counted twice, nothing forgotten.</summary>
public sealed class HttpTrackerTests
{
    private const int Iterations = 5_000;

    private enum Kind
    {
        Request,
        Response,
        End,
        Sweep,
    }

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Enum<Kind>(), Gen.ULong[1, 3], Gen.ULong[1, 50], Gen.Bool, Gen.Int[0, 9], (kind, conn, length, flag, luck) => new Step(kind, conn, length, flag, luck));

    [Fact]
    public void Without_losses_every_exchange_has_its_own_bytes() => Steps.Array[0, 60].Sample(
        steps =>
        {
            var run = new Run(steps, maxConnections: 10, lost: 0);

            foreach (var (conn, script) in run.Scripts)
            {
                for (var message = 0; message < script.Responses.Count; message++)
                {
                    var sum = run.Sums.GetValueOrDefault(HttpConnectionScript.Identity(conn, message));
                    sum.ShouldBe((1, script.Requests[message].Length, script.Responses[message]), $"message {message} of {conn}");
                }
            }

            run.LeftOut("http-unanswered").ShouldBe(run.Scripts.Values.Sum(s => s.Requests.Count - s.Responses.Count));
            run.LeftOut("http-unasked").ShouldBe(0);
        },
        iter: Iterations,
        threads: 1);

    [Fact]
    public void With_losses_what_was_asked_is_reported_once_or_counted() => Steps.Array[0, 60].Sample(
        steps => ShouldConserve(new Run(steps, maxConnections: 10, lost: 3)), iter: Iterations, threads: 1);

    [Fact]
    public void Without_room_what_was_asked_is_reported_once_or_counted() => Steps.Array[0, 60].Sample(
        steps => ShouldConserve(new Run(steps, maxConnections: 1, lost: 1)), iter: Iterations, threads: 1);

    [Fact]
    public void Records_that_no_kernel_would_hand_out_do_no_harm() => Gen.Select(Gen.Int[0, 4], Gen.ULong[0, 3], Gen.UInt[0, 5], Gen.ULong[0, 100], Gen.Byte).Array[0, 80].Sample(
        records =>
        {
            var sink = new Sums();
            var tracker = new HttpTracker(new ProcessNames("/nonexistent"), 64, 2);
            var asked = 0L;
            foreach (var (kind, conn, message, pos, flags) in records)
            {
                var head = new HttpHead { Conn = conn, Message = message, Pos = pos, End = pos / 2, RequestPos = pos / 3, Flags = (HttpFlags)flags, Tgid = message };
                switch (kind)
                {
                    case 0:
                        asked++;
                        tracker.OnLine(new HttpLine { Conn = conn, Message = message, Pos = pos, Offset = flags, Length = (ushort)(pos * 100), Flags = (HttpFlags)flags });
                        break;
                    case 1:
                        asked++;
                        tracker.OnExchange(new HttpExchangeRecord { Head = head, Length = (ushort)(pos * 100), Flags = (HttpFlags)flags }, new byte[HttpExchangeRecord.ShortLine], sink);
                        break;
                    case 2:
                        tracker.OnHead(head, sink);
                        break;
                    case 3:
                        tracker.OnEnd(new HttpEnd { Conn = conn, Message = message, End = pos, RequestPos = pos, Flags = (HttpFlags)flags }, sink);
                        break;
                    default:
                        tracker.OnClosed(new FlowEvent { Id = conn, Flags = FlowEvent.ClosedFlag }, sink);
                        tracker.Sweep(sink);
                        break;
                }
            }

            sink.By.Values.Sum(s => s.Count).ShouldBeLessThanOrEqualTo(asked);
        },
        iter: Iterations,
        threads: 1);

    [Fact]
    public void Of_a_connection_whose_last_record_was_lost_nothing_stays_under_way()
    {
        var sink = new Sums();
        var tracker = new HttpTracker(new ProcessNames("/nonexistent"), 64, maxConnections: 4);
        Ask(conn: 1, message: 0);
        tracker.OnHead(new HttpHead { Conn = 1, Pos = 0, End = 70, RequestPos = 30, Status = 200 }, sink);
        Ask(conn: 1, message: 1);
        Ask(conn: 2, message: 0);
        Ask(conn: 3, message: 0, HttpFlags.Tls);
        Ask(conn: 4, message: 0);

        tracker.EndLost(conn => conn != 4, sink);

        tracker.Count.ShouldBe(2, "a session ends in its own way, and the fourth is open");
        sink.By.Values.Sum(s => s.Count).ShouldBe(1);
        tracker.LeftOut().ShouldBe([new ProbeLoss("http-unanswered", 2, 0)]);

        void Ask(ulong conn, uint message, HttpFlags flags = 0) =>
            tracker.OnLine(new HttpLine { Conn = conn, Message = message, Pos = message * 30, Flags = flags | HttpFlags.Complete });
    }

    private static void ShouldConserve(Run run)
    {
        var asked = run.Scripts.Sum(s => s.Value.Asked.Count);
        run.Sums.Keys.ShouldBeSubsetOf(run.Scripts.SelectMany(s => s.Value.Asked.Select(m => HttpConnectionScript.Identity(s.Key, m))));
        run.Sums.Values.ShouldAllBe(s => s.Count == 1 && s.Request < 1UL << 32 && s.Response < 1UL << 32);
        (run.Sums.Count + run.LeftOut("http-unanswered") + run.TooMany).ShouldBe(asked);
        run.UnderWay.ShouldBe(0);
    }

    private readonly record struct Step(Kind Kind, ulong Conn, ulong Length, bool Flag, int Luck);

    /// <summary>The steps from the first to the end of every connection.</summary>
    private sealed class Run
    {
        private readonly HttpTracker _tracker;
        private readonly Sums _sums = new();

        public Run(Step[] steps, int maxConnections, int lost)
        {
            _tracker = new HttpTracker(new ProcessNames("/nonexistent"), 64, maxConnections);
            Scripts = Enumerable.Range(1, 3).ToDictionary(c => (ulong)c, c => new HttpConnectionScript((ulong)c, _tracker, _sums));
            foreach (var step in steps)
            {
                Take(step, Scripts[step.Conn], isLost: step.Luck < lost);
            }

            foreach (var script in Scripts.Values)
            {
                script.Close();
            }
        }

        public IReadOnlyDictionary<ulong, HttpConnectionScript> Scripts { get; }

        public IReadOnlyDictionary<uint, (long Count, ulong Request, ulong Response)> Sums => _sums.By;

        public long TooMany => _tracker.Losses().Sum(l => l.Records);

        public int UnderWay => _tracker.Count;

        public long LeftOut(string reason) => _tracker.LeftOut().Where(l => l.Reason == reason).Sum(l => l.Records);

        private void Take(Step step, HttpConnectionScript script, bool isLost)
        {
            switch (step.Kind)
            {
                case Kind.Request:
                    script.Request(step.Length, mayWait: step.Flag, isLost);
                    break;
                case Kind.Response:
                    script.Response(step.Length, isOver: step.Flag, isLost);
                    break;
                case Kind.End:
                    script.End(isLost);
                    break;
                default:
                    _tracker.Sweep(_sums);
                    break;
            }
        }
    }

    private sealed class Sums : INetSink
    {
        public Dictionary<uint, (long Count, ulong Request, ulong Response)> By { get; } = [];

        public void Flow(in FlowDelta delta)
        {
        }

        public void Dns(in DnsExchange exchange)
        {
        }

        public void Domain(in DomainObservation domain)
        {
        }

        public void Http(in HttpExchange exchange)
        {
            var sum = By.GetValueOrDefault(exchange.Flow.Pid);
            By[exchange.Flow.Pid] = (sum.Count + exchange.Count, sum.Request + exchange.BytesRead, sum.Response + exchange.BytesWritten);
        }
    }
}
