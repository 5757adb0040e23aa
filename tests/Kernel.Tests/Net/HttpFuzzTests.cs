using System.Text.RegularExpressions;
using CsCheck;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>Random conversations over real sockets. A failure prints its seed; what fails once belongs into Corpus.</summary>
public sealed class HttpFuzzTests(HttpHost host) : IClassFixture<HttpHost>
{
    [Fact]
    public void Valid_conversations_in_random_pieces_are_seen_as_they_were() => HttpConversation.Exchanges.Sample(
        exchanges =>
        {
            using var talk = new HttpTalk(host);
            foreach (var said in exchanges)
            {
                talk.SayInPieces(said.Request, said.RequestPieces).AnswerInPieces(said.Response, said.ResponsePieces);
            }

            talk.ShouldBe([.. exchanges.Select(e => e.Seen)]);
            host.Recorder.Forget();
        },
        iter: 150,
        threads: 1,
        print: Print);

    [Fact]
    public void Pipelined_conversations_in_random_pieces_are_seen_as_they_were() => HttpConversation.Exchanges.Sample(
        exchanges =>
        {
            using var talk = new HttpTalk(host);
            talk.SayInPieces(string.Concat(exchanges.Select(e => e.Request)), exchanges[0].RequestPieces);
            talk.AnswerInPieces(string.Concat(exchanges.Select(e => e.Response)), exchanges[0].ResponsePieces);

            talk.ShouldBe([.. exchanges.Select(e => e.Seen)]);
            host.Recorder.Forget();
        },
        iter: 150,
        threads: 1,
        print: Print);

    /// <summary>How many requests are under way when, and when a sweep comes between, is drawn too.</summary>
    [Fact]
    public void Requests_and_responses_in_any_order_are_seen_as_they_were() => Gen.Select(HttpConversation.Exchanges, Gen.Int[0, 4].Array[1, 8]).Sample(
        (exchanges, turns) =>
        {
            using var talk = new HttpTalk(host);
            for (int asked = 0, answered = 0, turn = 0; answered < exchanges.Length; turn++)
            {
                var kind = turns[turn % turns.Length];
                if (kind == 0)
                {
                    host.Recorder.Collect();
                }

                if (asked < exchanges.Length && (kind < 3 || asked == answered))
                {
                    talk.SayInPieces(exchanges[asked].Request, exchanges[asked++].RequestPieces);
                }
                else
                {
                    talk.AnswerInPieces(exchanges[answered].Response, exchanges[answered++].ResponsePieces);
                }
            }

            talk.ShouldBe([.. exchanges.Select(e => e.Seen)]);
            host.Recorder.Forget();
        },
        iter: 150,
        threads: 1,
        print: t => $"{Print(t.Item1)}\n{string.Join(',', t.Item2)}");

    [Fact]
    public void Random_bytes_are_no_exchanges() => Gen.Select(Gen.Bool, Gen.Byte.Array[1, 500]).Array[1, 10].Sample(
        pieces =>
        {
            using var talk = new HttpTalk(host);
            foreach (var (isRequest, bytes) in pieces)
            {
                var text = string.Concat(bytes.Select(b => (char)b));
                _ = isRequest ? talk.Say(text) : talk.Answer(text);
            }

            talk.Close();
            talk.ShouldHaveSeenNothing();
            host.Recorder.Forget();
        },
        iter: 100,
        threads: 1);

    /// <summary>A file is a conversation: <c>C</c> and <c>S</c> say a segment each, <c>=</c> is what both sides should see, <c>-</c> what is missing.</summary>
    [Fact]
    public void What_was_wrong_once_stays_right()
    {
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Corpus"), "*.talk");
        files.Length.ShouldBeGreaterThan(3);
        foreach (var file in files)
        {
            using var talk = new HttpTalk(host);
            var (seen, missing) = (new List<Seen>(), "");
            foreach (var line in File.ReadLines(file).Where(l => l.Length > 2))
            {
                var text = Regex.Unescape(line[2..]);
                switch (line[0])
                {
                    case 'C': talk.Say(text); break;
                    case 'S': talk.Answer(text); break;
                    case '-': missing = text; break;
                    case '=' when text.Split(' ') is [var method, var path, var status, var request, var response]:
                        seen.Add(new Seen(method, path, int.Parse(status), long.Parse(request), long.Parse(response)));
                        break;
                    default: throw new FormatException($"{file}: {line}");
                }
            }

            talk.ShouldBeWithout(missing, [.. seen]);
        }
    }

    private static string Print(Said[] exchanges) => string.Join('\n', exchanges.Select(e =>
        $"{Regex.Escape(e.Request)} by {string.Join(',', e.RequestPieces)}\n{Regex.Escape(e.Response)} by {string.Join(',', e.ResponsePieces)}"));
}
