using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>A real nginx of the test's own on a free loopback port.</summary>
internal sealed class Nginx : IDisposable
{
    private readonly Process _master;
    private readonly string _folder;

    private Nginx(Process master, string folder, int port)
    {
        _master = master;
        _folder = folder;
        Port = port;
    }

    public int Port { get; }

    /// <summary>The same over HTTP/2, when it has a certificate.</summary>
    public int Http2Port { get; private init; }

    public int MasterPid => _master.Id;

    /// <summary>With a certificate it speaks TLS; then every answer names the client's port.</summary>
    public static Nginx Start(int workers, Certificate? certificate = null)
    {
        var folder = Directory.CreateTempSubdirectory("nginx").FullName;
        var port = FreePorts.Next();
        var listen = certificate is null ? $"{port};" : $"{port} ssl; ssl_certificate {certificate.File}; ssl_certificate_key {certificate.KeyFile};";
        var http2 = FreePorts.Next();
        var second = certificate is null ? "" : $"listen 127.0.0.1:{http2} ssl http2;";
        File.WriteAllBytes(Path.Combine(folder, "big"), new byte[3 << 20]);
        File.WriteAllText(Path.Combine(folder, "nginx.conf"), $$"""
            user root;
            daemon off;
            worker_processes {{workers}};
            pid {{folder}}/pid;
            error_log {{folder}}/error.log;
            events { worker_connections 1024; }
            http { access_log off; keepalive_requests 1000000000; server { listen 127.0.0.1:{{listen}} {{second}} location = /status { stub_status; } location = /big { alias {{folder}}/big; } location / { return 200 "hello\n"; } } }
            """);
        var nginx = new Nginx(Shell.Start("nginx", $"-p {folder} -c {folder}/nginx.conf"), folder, port) { Http2Port = http2 };
        Listening.Wait(port);
        return nginx;
    }

    public string Get(string path)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, Port);
        socket.Send(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.0\r\n\r\n"));
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        for (int got; (got = socket.Receive(buffer)) > 0;)
        {
            answer.Append(Encoding.ASCII.GetString(buffer, 0, got));
        }

        return answer.ToString();
    }

    public IReadOnlySet<uint> Workers() => Shell.Run("ps", $"-o pid= --ppid {_master.Id}")
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(uint.Parse).ToHashSet();

    public void Dispose()
    {
        Shell.Run("kill", $"-QUIT {_master.Id}");
        _master.WaitForExit();
        _master.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
