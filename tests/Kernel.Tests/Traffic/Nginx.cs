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

    public int MasterPid => _master.Id;

    /// <summary>A file of this server's folder: <c>www/...</c>, <c>access.log</c>.</summary>
    public string this[string file] => Path.Combine(_folder, file);

    /// <param name="workers">Processes that accept.</param>
    /// <param name="space">Listens on all addresses of that namespace; on loopback without.</param>
    /// <param name="server">What the one server does.</param>
    /// <param name="http">What goes for all; nothing is logged unless said so.</param>
    public static Nginx Start(
        int workers,
        NetworkNamespace? space = null,
        string server = "location = /status { stub_status; } location / { return 200 \"hello\\n\"; }",
        string http = "access_log off;")
    {
        var folder = Directory.CreateTempSubdirectory("nginx").FullName;
        var port = FreePort();
        File.WriteAllText(Path.Combine(folder, "nginx.conf"), $$"""
            user root;
            daemon off;
            worker_processes {{workers}};
            pid {{folder}}/pid;
            error_log {{folder}}/error.log;
            events { worker_connections 1024; }
            http { {{http}} keepalive_requests 1000000000; server { listen {{(space is null ? "127.0.0.1:" : "")}}{{port}}; {{server}} } }
            """);
        Directory.CreateDirectory(Path.Combine(folder, "www"));
        var (enter, program) = space is null ? ("nginx", "") : ("nsenter", $"--net=/run/netns/{space.Name} nginx ");
        var nginx = new Nginx(Shell.Start(enter, $"{program}-p {folder} -c {folder}/nginx.conf"), folder, port);
        if (space is null)
        {
            Listening.Wait(port, nginx._master);
        }
        else
        {
            space.Run(() => Listening.Wait(port, nginx._master));
        }

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

    /// <summary>Ends it, once every connection is over, and reads a file that it wrote.</summary>
    public string[] QuitAndRead(string file)
    {
        Quit();
        return File.ReadAllLines(this[file]);
    }

    public void Dispose()
    {
        Quit();
        _master.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Quit()
    {
        if (!_master.HasExited)
        {
            Shell.Run("kill", $"-QUIT {_master.Id}");
            _master.WaitForExit();
        }
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
