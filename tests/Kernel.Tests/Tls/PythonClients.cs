using System.Diagnostics;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>Many TLS connections of one Python process to an nginx; each says its port in every path.</summary>
internal sealed class PythonClients : IDisposable
{
    private const string Script = """
        import sys, ssl, socket, threading, asyncio
        how, port, connections, each = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
        tls = ssl.create_default_context(); tls.check_hostname = False; tls.verify_mode = ssl.CERT_NONE

        def request(local, i): return f"GET /p{local}-{i} HTTP/1.1\r\nHost: x\r\n\r\n".encode()

        def go():
            print("connected", flush=True); sys.stdin.readline()

        def talk(s):
            for i in range(each):
                s.sendall(request(s.getsockname()[1], i))
                answer = b""
                while not answer.endswith(b"hello\n"): answer += s.recv(4096)
            s.close()

        def threads():
            sockets = [tls.wrap_socket(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]
            go()
            workers = [threading.Thread(target=talk, args=(s,)) for s in sockets]
            for w in workers: w.start()
            for w in workers: w.join()

        async def talk_async(reader, writer):
            for i in range(each):
                writer.write(request(writer.get_extra_info("sockname")[1], i))
                await writer.drain()
                await reader.readuntil(b"hello\n")
            writer.close()

        async def loop():
            pairs = await asyncio.gather(*[asyncio.open_connection("127.0.0.1", port, ssl=tls) for _ in range(connections)])
            go()
            await asyncio.gather(*[talk_async(r, w) for r, w in pairs])

        threads() if how == "threads" else asyncio.run(loop())
        """;

    private readonly TemporaryFolder _folder;
    private readonly Process _process;

    /// <summary>Connects; <c>threads</c>: a blocking socket each; <c>loop</c>: asyncio, whose TLS is in memory.</summary>
    public PythonClients(string how, int port, int connections, int each, Userland? userland = null)
    {
        userland ??= Userland.Host;
        _folder = userland.NewFolder("python");
        var file = _folder["clients.py"];
        File.WriteAllText(file, Script);
        _process = userland.Start("/usr/bin/python3", $"{userland.Inside(file)} {how} {port} {connections} {each}");
        var line = _process.StandardOutput.ReadLine();
        line.ShouldBe("connected", line is null ? _process.StandardError.ReadToEnd() : null);
    }

    /// <summary>Lets the connected clients talk, to the end.</summary>
    public void Talk()
    {
        _process.StandardInput.WriteLine();
        _process.StandardInput.Flush();
        Eventually.Ends(_process);
        _process.ExitCode.ShouldBe(0, _process.StandardError.ReadToEnd());
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        _folder.Dispose();
    }
}
