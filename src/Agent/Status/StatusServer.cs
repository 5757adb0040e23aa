using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace EbpfActors.Agent.Status;

/// <summary>
/// Answers every connection on a Unix socket with one JSON document and closes it. Only root and the user who runs the
/// agent get an answer; a few at a time, each within a bounded time.
/// </summary>
public sealed class StatusServer : IAsyncDisposable
{
    private const int MostAtOnce = 4;

    // Beyond this the kernel refuses to connect at once instead of letting the client wait.
    private const int MostWaiting = 64;
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(200);

    private readonly Func<CancellationToken, Task<AgentStatus>> _status;
    private readonly Func<Socket, bool> _mayAsk;
    private readonly ILogger _log;
    private readonly StatusSocket _socket;
    private readonly SemaphoreSlim _places = new(MostAtOnce);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    private StatusServer(string path, Func<CancellationToken, Task<AgentStatus>> status, ILogger log, Func<Socket, bool> mayAsk)
    {
        (_status, _log, _mayAsk) = (status, log, mayAsk);
        _socket = StatusSocket.Listen(path, MostWaiting);
        _accepting = AcceptAsync();
    }

    /// <summary>Listens from here on. A socket that nobody listens on any more is replaced.</summary>
    /// <exception cref="IOException">Another agent listens there, or the path cannot be written.</exception>
    public static StatusServer Start(string path, Func<CancellationToken, Task<AgentStatus>> status, ILogger log) =>
        new(path, status, log, PeerCredentials.IsRootOrSameUser);

    internal static StatusServer Start(
        string path, Func<CancellationToken, Task<AgentStatus>> status, ILogger log, Func<Socket, bool> mayAsk) =>
        new(path, status, log, mayAsk);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        await _accepting;
        // Whoever holds a place is ending, because its token is cancelled.
        for (var place = 0; place < MostAtOnce; place++)
        {
            await _places.WaitAsync(CancellationToken.None);
        }

        _places.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _places.WaitAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                var peer = await _socket.AcceptAsync(_stop.Token);
                _ = AnswerAsync(peer);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                _places.Release();
                // Out of descriptors, for example: the next attempt would fail at once as well.
                await Task.Delay(AfterFailure, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>The status, or why there is none; that must not be mistaken for a refusal, which is no answer at all.</summary>
    private async Task<byte[]> DocumentAsync(CancellationToken limit)
    {
        try
        {
            return AgentStatusJson.Write(await _status(limit).WaitAsync(limit));
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            _log.LogWarning("No status for who asks: {Reason}", e.Message);
            return AgentStatusJson.Failure(e is OperationCanceledException ? "its parts did not answer in time" : e.Message);
        }
    }

    private static async Task WriteAsync(Socket peer, ReadOnlyMemory<byte> document, CancellationToken limit)
    {
        for (var rest = document; rest.Length > 0;)
        {
            rest = rest[await peer.SendAsync(rest, limit)..];
        }

        peer.Shutdown(SocketShutdown.Send);
    }

    private async Task AnswerAsync(Socket peer)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            limit.CancelAfter(AnswerTime);
            if (_mayAsk(peer))
            {
                await WriteAsync(peer, await DocumentAsync(limit.Token), limit.Token);
            }
        }
        catch (Exception e)
        {
            // Whatever goes wrong while somebody asks must not reach the agent.
            _log.LogDebug(e, "Status was not delivered");
        }
        finally
        {
            peer.Dispose();
            _places.Release();
        }
    }
}
