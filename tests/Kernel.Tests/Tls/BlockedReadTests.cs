using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using EbpfActors.Kernel.Tests.Traffic;
using Xunit;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>A server with a thread for its connection, which waits inside of SSL_read_ex when the agent comes.</summary>
public sealed class BlockedReadTests
{
    private const string Script = """
        import sys, ssl, socket
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); tls.load_cert_chain(sys.argv[2], sys.argv[3])
        listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
        while True:
            try: connection = tls.wrap_socket(listener.accept()[0], server_side=True)
            except OSError: continue
            while connection.recv(4096): connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        """;

    [Fact]
    public async Task The_request_that_it_waits_for_is_seen()
    {
        using var certificate = new Certificate();
        using var folder = new TemporaryFolder("blocked");
        await File.WriteAllTextAsync(folder["server.py"], Script, TestContext.Current.CancellationToken);
        var port = FreePorts.Next();
        using var server = new RunningProgram("/usr/bin/python3", $"{folder["server.py"]} {port} {certificate.File} {certificate.KeyFile}");
        Listening.Wait(port, server.Process);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(new NetworkStream(socket), false, (_, remote, _, _) => remote is not null);
        await tls.AuthenticateAsClientAsync("localhost");
        await AskAsync(tls, "/connect");
        WaitUntilItReads(server.Id);

        using var recorder = new HttpsRecorder(Libraries.LibSsl, Libraries.LibCrypto);
        var local = ((IPEndPoint)socket.LocalEndPoint!).Port;
        await AskAsync(tls, $"/p{local}-0");
        await AskAsync(tls, $"/p{local}-1");

        recorder.ShouldSeeEach(2, port);
    }

    private static async Task AskAsync(SslStream tls, string path)
    {
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\n\r\n"), TestContext.Current.CancellationToken);
        var answer = new byte["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".Length];
        await tls.ReadExactlyAsync(answer, TestContext.Current.CancellationToken);
    }

    /// <summary>The kernel says in which system call a sleeping process is; 0 is read.</summary>
    private static void WaitUntilItReads(int server) => Eventually.Holds(
        () => File.ReadAllText($"/proc/{server}/syscall").StartsWith("0 ", StringComparison.Ordinal),
        () => File.ReadAllText($"/proc/{server}/syscall"));
}
