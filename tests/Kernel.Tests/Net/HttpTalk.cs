using System.Net;
using System.Net.Sockets;
using System.Text;
using EbpfActors.Probes.Net;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>What one side of a connection was seen to exchange. Bytes are the request's and the response's.</summary>
internal readonly record struct Seen(string Method, string Path, int Status, long Request, long Response);

/// <summary>
/// One connection over which a test speaks HTTP byte by byte, and what the probe made of it. Text is Latin-1: a char is a byte.
/// What is said first is said before the server accepts, and is in its buffer.
/// </summary>
internal sealed class HttpTalk(HttpHost host, IPAddress? address = null, Func<Socket>? listener = null, string first = "") : IDisposable
{
    private readonly TcpExchange _connection = new(address ?? IPAddress.Loopback, listener?.Invoke(), client => client.Send(Encoding.Latin1.GetBytes(first)));
    private readonly IReadOnlyDictionary<string, long> _missing = host.Missing();

    public Socket Client => _connection.Client;

    public Socket Server => _connection.Server;

    /// <summary>The client sends it in one go, and the server has read all of it.</summary>
    public HttpTalk Say(string text) => Transfer(Client, Server, text, [text.Length]);

    public HttpTalk Answer(string text) => Transfer(Server, Client, text, [text.Length]);

    /// <summary>Each piece is a segment of its own: it is read before the next one is sent.</summary>
    public HttpTalk SayInPieces(string text, params int[] sizes) => Transfer(Client, Server, text, sizes);

    public HttpTalk AnswerInPieces(string text, params int[] sizes) => Transfer(Server, Client, text, sizes);

    /// <summary>Ends the connection, waits until both ends of it were reported, and compares all that was seen with all that happened. Missing are reasons and counts, both sides together.</summary>
    public void ShouldBeWithout(string missing, params Seen[] expected)
    {
        _connection.Close();
        ShouldHaveBeen(missing, expected);
    }

    public void ShouldBe(params Seen[] expected) => ShouldBeWithout("", expected);

    /// <summary>The same for a connection that the test has ended.</summary>
    public void ShouldHaveBeen(string missing, params Seen[] expected)
    {
        ShouldHaveDiffered(missing, expected, expected);
    }

    /// <summary>The same where the sides do not see the same.</summary>
    public void ShouldHaveDiffered(string missing, Seen[] toClient, Seen[] toServer)
    {
        host.Recorder.Until(_ => IsOver(_connection.IsClient) && IsOver(_connection.IsServer), "both ends are closed");
        var client = Side(_connection.IsClient, e => (e.BytesWritten, e.BytesRead));
        var server = Side(_connection.IsServer, e => (e.BytesRead, e.BytesWritten));
        var state = $"client [{string.Join(' ', client)}] server [{string.Join(' ', server)}] missing [{host.MissingSince(_missing)}]";
        client.ShouldBe(toClient, state);
        server.ShouldBe(toServer, state);
        host.MissingSince(_missing).ShouldBe(missing, state);
    }

    public void Close() => _connection.Close();

    /// <summary>Of a connection that the test has ended: no exchange at all, whatever was counted.</summary>
    public void ShouldHaveSeenNothing()
    {
        host.Recorder.Until(_ => IsOver(_connection.IsClient) && IsOver(_connection.IsServer), "both ends are closed");
        host.Recorder.Exchanges.Where(e => _connection.IsClient(e.Flow) || _connection.IsServer(e.Flow)).ShouldBeEmpty();
    }

    /// <summary>Reads at the server what was sent without waiting for it.</summary>
    public HttpTalk Heard(string text)
    {
        TcpExchange.ReceiveAll(Server, new byte[text.Length], text.Length);
        return this;
    }

    /// <summary>What one side reported: later parts are added to their exchange.</summary>
    private Seen[] Side(Func<FlowIdentity, bool> flow, Func<HttpExchange, (ulong Request, ulong Response)> bytes)
    {
        var seen = new List<Seen>();
        foreach (var exchange in host.Recorder.Exchanges.Where(e => flow(e.Flow)))
        {
            var (request, response) = bytes(exchange);
            Math.Max(request, response).ShouldBeLessThan(1UL << 40, $"a part of {exchange}");
            var now = new Seen(exchange.Method, exchange.Path, exchange.Status, (long)request, (long)response);
            var at = exchange.Count == 0 ? seen.FindIndex(s => s with { Request = 0, Response = 0 } == now with { Request = 0, Response = 0 }) : -1;
            if (at < 0)
            {
                seen.Add(now);
            }
            else
            {
                seen[at] = now with { Request = seen[at].Request + now.Request, Response = seen[at].Response + now.Response };
            }
        }

        return [.. seen];
    }

    public void Dispose() => _connection.Dispose();

    private bool IsOver(Func<FlowIdentity, bool> flow) => host.Recorder.Where(flow).Any(d => d.Closed > 0);

    private HttpTalk Transfer(Socket from, Socket to, string text, int[] sizes)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        from.NoDelay = true;
        for (int at = 0, piece = 0, count; at < bytes.Length; at += count, piece++)
        {
            count = Math.Min(sizes[piece % sizes.Length], bytes.Length - at);
            from.Send(bytes, at, count, SocketFlags.None).ShouldBe(count);
            TcpExchange.ReceiveAll(to, new byte[count], count);
        }

        return this;
    }
}
