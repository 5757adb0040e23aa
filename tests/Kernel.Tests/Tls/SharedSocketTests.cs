using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>More than one TLS session on one socket: one after the other, in two processes, or one inside the other.</summary>
public sealed class SharedSocketTests : IDisposable
{
    private const string Common = """
        import os, socket, ssl, sys, threading
        port, certificate, key, target = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
        unverified = ssl._create_unverified_context()

        def request(path): return f"GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()

        def ask(s, path):
            s.sendall(request(path))
            answer = b""
            while not answer.endswith(b"hello\n"): answer += s.recv(4096)

        """;

    private readonly Certificate _certificate = new();
    private readonly TemporaryFolder _folder = new("python");

    public void Dispose()
    {
        _certificate.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Two_sessions_one_after_the_other_are_both_on_their_connection()
    {
        using var recorder = NewRecorder();
        var port = FreePorts.Next();
        Python(port, 0, """
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(certificate, key)

            def serve(connection):
                for _ in range(2):
                    s = context.wrap_socket(connection, server_side=True)
                    s.recv(4096); s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")
                    connection = s.unwrap()

            listener = socket.create_server(("127.0.0.1", port))
            server = threading.Thread(target=lambda: serve(listener.accept()[0])); server.start()
            connection = socket.create_connection(("127.0.0.1", port))
            for i in range(2):
                s = unverified.wrap_socket(connection)
                ask(s, i)
                connection = s.unwrap()
            server.join()
            """);

        recorder.Until(() => recorder.On(port).Sum(e => e.Count) >= 4);
        foreach (var isClient in new[] { true, false })
        {
            recorder.On(port).Where(e => e.IsClients() == isClient).Select(e => (e.Path, e.Count)).ShouldBe([("/0", 1u), ("/1", 1u)]);
        }
    }

    [Fact]
    public void A_child_goes_on_with_the_session_of_its_parent()
    {
        using var nginx = new HttpsNginx(workers: 1, _certificate);
        using var recorder = NewRecorder();
        Python(0, nginx.Port, """
            s = unverified.wrap_socket(socket.create_connection(("127.0.0.1", target)))
            ask(s, "parent")
            child = os.fork()
            for i in range(0 if child else 3): ask(s, f"child/{i}")
            if not child: os._exit(0)
            os.waitpid(child, 0)
            """);

        recorder.Until(() => recorder.On(nginx.Port).Sum(e => e.Count) >= 8);
        recorder.On(nginx.Port).Where(e => e.IsClients()).Select(e => e.Path).ShouldBe(["/parent", "/child/0", "/child/1", "/child/2"], ignoreOrder: true);
        recorder.On(nginx.Port).Where(e => e.IsClients()).Select(e => (e.Flow.Pid, e.Flow.SourcePort)).Distinct().ShouldHaveSingleItem();
    }

    /// <summary>The proxy is on this host: what it passes on leaves its own socket as it left the inner session.</summary>
    [Fact]
    public async Task A_session_inside_of_another_is_its_program_s_and_not_the_proxy_s()
    {
        using var nginx = new HttpsNginx(workers: 1, _certificate);
        await using var proxy = new HttpsProxy(_certificate, nginx.Port);
        using var recorder = NewRecorder();
        Python(proxy.Port, nginx.Port, """
            outer = unverified.wrap_socket(socket.create_connection(("127.0.0.1", port)))
            outer.sendall(f"CONNECT 127.0.0.1:{target} HTTP/1.1\r\n\r\n".encode()); outer.recv(4096)
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            inner = unverified.wrap_bio(incoming, outgoing)

            def run(step, *arguments):
                while True:
                    try:
                        result = step(*arguments)
                        outer.sendall(outgoing.read())
                        return result
                    except ssl.SSLWantReadError:
                        outer.sendall(outgoing.read())
                        incoming.write(outer.recv(65536))

            run(inner.do_handshake)
            for i in range(3):
                run(inner.write, request(f"inner/{i}"))
                run(inner.read, 65536)
            """);

        recorder.Until(() => recorder.On(nginx.Port).Count(e => !e.IsClients()) == 3 && Inner(recorder, proxy.Port).Count == 3);
        Inner(recorder, proxy.Port).Select(e => (e.Path, e.Flow.ProcessName, Client: e.IsClients()))
            .ShouldBe([.. Enumerable.Range(0, 3).Select(i => ($"/inner/{i}", "python3", true))]);
        recorder.On(nginx.Port).ShouldAllBe(e => !e.IsClients());
    }

    private static List<HttpExchange> Inner(HttpsRecorder recorder, int proxy) =>
        [.. recorder.On(proxy).Where(e => e.Path.StartsWith("/inner", StringComparison.Ordinal))];

    private void Python(int port, int target, string script)
    {
        var file = _folder["peer.py"];
        File.WriteAllText(file, Common + script);
        Shell.Run("/usr/bin/python3", $"{file} {port} {_certificate.File} {_certificate.KeyFile} {target}");
    }

    private static HttpsRecorder NewRecorder() => new(Libraries.LibSsl, Libraries.LibCrypto);
}
