using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfActors.Kernel.Tests.Traffic;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>.NET encrypts into memory on whatever thread there is and sends from another: Kestrel and HttpClient, in this process.</summary>
public sealed class DotNetTests
{
    private const int Connections = 50;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Fifty_connections_between_HttpClient_and_Kestrel_are_told_apart(bool areOlder)
    {
        var port = FreePorts.Next();
        await using var server = await StartAsync(port);
        var clients = Enumerable.Range(0, Connections).Select(_ => new Client(port)).ToList();
        if (areOlder)
        {
            await Task.WhenAll(clients.Select(c => c.GetAsync("connect")));
        }

        using var recorder = new HttpsRecorder(Libraries.LibSsl, Libraries.LibCrypto);
        await Task.WhenAll(clients.Select(async client =>
        {
            for (var i = 0; i < 20; i++)
            {
                await client.GetAsync($"p{client.Port}-{i}");
            }
        }));

        recorder.ShouldSeeEach(Connections * 20, port);
        clients.ForEach(c => c.Dispose());
    }

    private static async Task<WebApplication> StartAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.UseHttps(SelfSigned());
        }));
        var server = builder.Build();
        server.Run(context => context.Response.WriteAsync("hello"));
        await server.StartAsync();
        return server;
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    /// <summary>One client, one connection, whose port is known before it connects.</summary>
    private sealed class Client : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly HttpClient _http;
        private readonly int _server;

        public Client(int server)
        {
            _server = server;
            _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _http = new HttpClient(new SocketsHttpHandler
            {
                ConnectCallback = async (context, cancellation) =>
                {
                    await _socket.ConnectAsync(IPAddress.Loopback, server, cancellation);
                    return new NetworkStream(_socket, ownsSocket: true);
                },
                SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
            });
            Port = ((IPEndPoint)_socket.LocalEndPoint!).Port;
        }

        public int Port { get; }

        public async Task GetAsync(string path) => await _http.GetStringAsync(new Uri($"https://localhost:{_server}/{path}"));

        public void Dispose()
        {
            _http.Dispose();
            _socket.Dispose();
        }
    }
}
