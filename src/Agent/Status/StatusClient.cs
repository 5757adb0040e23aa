using System.Net.Sockets;

namespace EbpfActors.Agent.Status;

/// <summary>Asks a running agent for its status.</summary>
public static class StatusClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The JSON document as the agent wrote it.</summary>
    /// <exception cref="IOException">No agent listens there, or it gave no answer; the message says which.</exception>
    public static async Task<byte[]> AskAsync(string path, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), limit.Token);
            await using var stream = new NetworkStream(socket);
            using var answer = new MemoryStream();
            await stream.CopyToAsync(answer, limit.Token);
            return answer.Length == 0 ? throw new IOException($"the agent at {path} gave no answer; ask as root or as the agent's user")
                : AgentStatusJson.ReadFailure(answer.ToArray()) is { } reason ? throw new IOException($"the agent at {path} cannot tell its status: {reason}")
                : answer.ToArray();
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new IOException($"no permission to ask the agent at {path}; ask as root or as the agent's user", e);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
        {
            throw new IOException($"too many ask the agent at {path} at once; try again", e);
        }
        catch (SocketException e)
        {
            throw new IOException($"no agent is running (nothing listens on {path}); start one, or name its --status-socket", e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"the agent at {path} gave no answer within {Patience.TotalSeconds:0} s", e);
        }
    }
}
