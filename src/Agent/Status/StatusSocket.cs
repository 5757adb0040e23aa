using System.Net;
using System.Net.Sockets;
using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.Status;

/// <summary>
/// A Unix socket that listens under a name. What has the name already stays, unless it is a socket that nobody listens on; at the end
/// the name goes, unless it is another file's by then.
/// </summary>
internal sealed class StatusSocket : IDisposable
{
    private readonly string _path;
    private readonly Socket _listener;
    private readonly FileStatus? _file;

    private StatusSocket(string path, Socket listener)
    {
        (_path, _listener) = (path, listener);
        _file = FileStatus.OfPath(path);
    }

    /// <exception cref="IOException">Another agent listens there, something else has the name, or the path cannot be written.</exception>
    public static StatusSocket Listen(string path, int mostWaiting)
    {
        path = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? path);
        if (FileStatus.OfPath(path) is { } taken)
        {
            RemoveStale(path, taken);
        }

        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(new Name(path));
            // Between bind and here the file may have a wider mode, but nobody can connect before listen.
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            listener.Listen(mostWaiting);
            return new StatusSocket(path, listener);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            listener.Dispose();
            throw new IOException($"cannot listen on {path}: {e.Message}", e);
        }
    }

    public ValueTask<Socket> AcceptAsync(CancellationToken cancellation) => _listener.AcceptAsync(cancellation);

    public void Dispose()
    {
        _listener.Dispose();
        if (_file is not null && FileStatus.OfPath(_path) == _file)
        {
            File.Delete(_path);
        }
    }

    private static void RemoveStale(string path, FileStatus taken)
    {
        if (taken.Kind != FileKind.Socket)
        {
            throw new IOException($"cannot listen on {path}: it is not a socket and is left as it is; name another --status-socket");
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && FileStatus.OfPath(path) == taken)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException e) when (e.SocketErrorCode != SocketError.WouldBlock)
        {
            throw new IOException($"cannot listen on {path}: {e.Message}", e);
        }
        catch (SocketException)
        {
            // Somebody listens, whose queue is full.
        }

        throw new IOException($"cannot listen on {path}: another program does; give this one its own --status-socket");
    }

    /// <summary>The runtime's own kind of name deletes whatever has it when the socket is closed.</summary>
    private sealed class Name(string path) : EndPoint
    {
        public override AddressFamily AddressFamily => AddressFamily.Unix;

        public override SocketAddress Serialize() => new UnixDomainSocketEndPoint(path).Serialize();

        public override EndPoint Create(SocketAddress socketAddress) => this;
    }
}
