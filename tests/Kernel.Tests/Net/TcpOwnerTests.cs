using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>Whose traffic it is: the pid and name of the process that connected or accepted, not of whoever is around later.</summary>
public sealed partial class TcpOwnerTests
{
    [Fact]
    public void A_process_that_exits_at_once_keeps_its_pid_and_name()
    {
        using var recorder = new FlowRecorder();
        using var listener = TcpExchange.Listen(IPAddress.Loopback);
        var port = TcpExchange.Port(listener);
        var pids = new HashSet<uint>();

        for (var i = 0; i < 20; i++)
        {
            using var process = Shell.Start("bash", $"-c \"exec 3<>/dev/tcp/127.0.0.1/{port}; printf hello >&3\"");
            using var server = listener.Accept();
            process.WaitForExit();
            pids.Add((uint)process.Id);
        }

        recorder.ShouldReach(f => f.DestinationPort == port, new FlowSum(100, 0, 20, 20));
        recorder.Where(f => f.DestinationPort == port).Select(d => d.Flow.Pid).ToHashSet().ShouldBe(pids, ignoreOrder: true);
        recorder.Where(f => f.DestinationPort == port).ShouldAllBe(d => d.Flow.ProcessName == "bash");
    }

    [Fact]
    public void A_preforked_server_is_its_worker_and_not_its_master()
    {
        using var recorder = new FlowRecorder();
        using var nginx = Nginx.Start(workers: 2);

        for (var i = 0; i < 30; i++)
        {
            nginx.Get("/").ShouldContain("200 OK");
        }

        recorder.Until(_ => recorder.Sum(f => f.SourcePort == nginx.Port).Closed >= 30, "all connections closed");
        var workers = nginx.Workers();
        workers.ShouldNotContain((uint)nginx.MasterPid);
        recorder.Where(f => f.SourcePort == nginx.Port && f.Direction == Direction.Incoming)
            .ShouldAllBe(d => workers.Contains(d.Flow.Pid) && d.Flow.ProcessName == "nginx");
    }

    [Fact]
    public void An_accept_that_does_not_ask_for_the_peer_still_has_its_owner()
    {
        using var recorder = new FlowRecorder();
        using var listener = TcpExchange.Listen(IPAddress.Loopback);
        var port = TcpExchange.Port(listener);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        client.Connect(IPAddress.Loopback, port);

        using var server = new Socket(new SafeSocketHandle(accept((int)listener.Handle, 0, 0), ownsHandle: true));
        TcpExchange.Transfer(client, server, 42);

        recorder.ShouldReach(f => f.SourcePort == port, new FlowSum(0, 42, 1));
        recorder.Where(f => f.SourcePort == port).ShouldAllBe(d => d.Flow.Pid == Environment.ProcessId);
    }

    [Fact]
    public void A_socket_of_another_network_namespace_is_seen_with_that_namespace()
    {
        using var space = new NetworkNamespace();
        using var recorder = new FlowRecorder();
        using var exchange = space.Run(() => new TcpExchange(IPAddress.Loopback));

        exchange.Send(11, 22);
        exchange.Close();

        recorder.ShouldReach(f => f.NetNamespace == space.Inode, new FlowSum(33, 33, 2, 2));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept(int socket, nint address, nint length);
}
