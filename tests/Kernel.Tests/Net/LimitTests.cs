using System.Net;
using System.Net.Sockets;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

public sealed class LimitTests
{
    [Fact]
    public void Connections_past_the_limit_are_not_tracked_and_are_counted()
    {
        using var space = new NetworkNamespace();
        using var recorder = new FlowRecorder(new NetProbeOptions { MaxConnections = 64 });
        using var listener = space.Run(() => TcpExchange.Listen(IPAddress.Loopback));
        var open = new List<Socket>();
        for (var i = 0; i < 100; i++)
        {
            var client = space.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            client.Connect(IPAddress.Loopback, TcpExchange.Port(listener));
            open.Add(client);
            open.Add(listener.Accept());
        }

        var tracked = recorder.Collect().Sum(f => f.NetNamespace == space.Inode).Established;
        var lost = recorder.Counters.Losses.Single(l => l.Reason == "tcp-table-full");

        recorder.OwnLosses.ShouldBeEmpty();
        (tracked + lost.Records).ShouldBeGreaterThanOrEqualTo(200);
        lost.Records.ShouldBeLessThan(2 * (200 - tracked), "each is counted once, though the walk for owners meets it again");
        tracked.ShouldBeLessThanOrEqualTo(64);
        open.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public void Disposing_the_probe_leaves_nothing_attached()
    {
        IReadOnlySet<int> attached;
        using (new FlowRecorder())
        {
            attached = LoadedPrograms.OfProcess(Environment.ProcessId);
        }

        attached.Count.ShouldBe(12);
        LoadedPrograms.AreGone(attached);
    }

    [Fact]
    public void Every_hook_of_the_ladder_attaches_on_this_kernel()
    {
        using var recorder = new FlowRecorder();

        recorder.Hooks.ShouldAllBe(hook => hook.Rung.Length > 0 && hook.Problem.Length == 0);
    }

    [Fact]
    public void The_probe_finds_the_sockets_without_a_mounted_cgroup2()
    {
        using var probe = new NetProbe(new NetProbeOptions { CgroupMount = null });

        probe.Attach().ShouldAllBe(hook => hook.Problem.Length == 0);
    }
}
