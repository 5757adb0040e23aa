using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>A proxy that is spoken to over TLS, for one connection: what it tunnels to a server on loopback is TLS inside TLS.</summary>
internal sealed class HttpsProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _served;

    public HttpsProxy(Certificate certificate, int server)
    {
        _listener.Start();
        _served = ServeAsync(X509Certificate2.CreateFromPemFile(certificate.File, certificate.KeyFile), server);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await Task.WhenAny(_served);
    }

    private async Task ServeAsync(X509Certificate2 certificate, int server)
    {
        using var client = await _listener.AcceptTcpClientAsync();
        await using var outer = new SslStream(client.GetStream());
        await outer.AuthenticateAsServerAsync(certificate);
        var head = "";
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var one = new byte[1];
            await outer.ReadExactlyAsync(one);
            head += (char)one[0];
        }

        using var target = new TcpClient();
        await target.ConnectAsync(IPAddress.Loopback, server);
        await using var inner = target.GetStream();
        await outer.WriteAsync("HTTP/1.1 200 Connected\r\n\r\n"u8.ToArray());
        await Task.WhenAny(outer.CopyToAsync(inner), inner.CopyToAsync(outer));
    }
}
