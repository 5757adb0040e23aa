using System.Net.Sockets;
using System.Text;

namespace EbpfActors.Agent.Tests;

/// <summary>Stands in for systemd: receives what a service notifies. A path that begins with NUL is an abstract name.</summary>
internal sealed class NotifySocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public NotifySocket(string path) => _socket.Bind(new UnixDomainSocketEndPoint(path));

    public async Task<string> ReceiveAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var bytes = new byte[256];
        return Encoding.UTF8.GetString(bytes, 0, await _socket.ReceiveAsync(bytes, deadline.Token));
    }

    public void Dispose() => _socket.Dispose();
}
