using System.Net;
using System.Net.Sockets;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>One sweep of more flows than the ring of a sweep holds, by each rung that writes to it.</summary>
public sealed class SweepTests
{
    private const int Flows = 20_000; // the ring holds 8,192
    private const int FirstPort = 1024;

    [Theory]
    [InlineData]
    [InlineData("sweep:syscall", "sweep:iter")]
    [InlineData("sweep:syscall", "sweep:iter", "sweep:raw_tp")]
    public void More_flows_than_the_ring_holds_are_each_told_once_in_one_sweep(params string[] without)
    {
        using var space = new NetworkNamespace();
        using var recorder = new FlowRecorder(new NetProbeOptions { Without = new WithoutHooks(without) });
        using var socket = space.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        SendToEach(socket, 10);

        recorder.SweepOnce();

        ShouldHaveTold(10);
        recorder.Forget();
        recorder.SweepOnce();
        recorder.Where(IsMine).ShouldBeEmpty("nothing has changed since");
        SendToEach(socket, 7);
        recorder.SweepOnce();
        ShouldHaveTold(7);

        bool IsMine(FlowIdentity flow) => flow.NetNamespace == space.Inode && flow.Direction == Direction.Outgoing;

        void ShouldHaveTold(int bytes)
        {
            var told = recorder.Where(IsMine);
            told.Count.ShouldBe(Flows);
            told.Select(d => d.Flow.DestinationPort).Distinct().Count().ShouldBe(Flows);
            told.ShouldAllBe(d => d.BytesWritten == (ulong)bytes);
        }
    }

    private static void SendToEach(Socket socket, int bytes)
    {
        // Nobody listens there: the refusals come back as errors of later calls, which is no matter here.
        var payload = new byte[bytes];
        var to = new IPEndPoint(IPAddress.Loopback, 0);
        for (var port = FirstPort; port < FirstPort + Flows; port++)
        {
            to.Port = port;
            while (true)
            {
                try
                {
                    socket.SendTo(payload, to);
                    break;
                }
                catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
                {
                }
            }
        }
    }
}
