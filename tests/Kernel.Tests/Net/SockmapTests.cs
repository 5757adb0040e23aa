using System.Net;
using System.Runtime.InteropServices;
using EbpfActors.Kernel.Tests.Traffic;
using Microsoft.Win32.SafeHandles;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>Sockets that a BPF program of others may splice.</summary>
public sealed unsafe partial class SockmapTests
{
    private const int Sockmap = 15; // BPF_MAP_TYPE_SOCKMAP

    [Fact]
    public void A_connection_whose_socket_is_in_a_sockmap_is_counted_once()
    {
        Assert.SkipUnless(Environment.OSVersion.Version >= new Version(6, 1), "before Linux 6.1 a socket does not show that it is in a sockmap");
        using var space = new NetworkNamespace();
        using var recorder = new FlowRecorder();
        using var exchange = space.Run(() => new TcpExchange(IPAddress.Loopback));
        var fd = bpf_map_create(Sockmap, "spliced", sizeof(int), sizeof(int), 1, 0);
        fd.ShouldBeGreaterThan(0, Marshal.GetLastPInvokeErrorMessage());
        using var map = new SafeFileHandle(fd, ownsHandle: true);
        var (slot, socket) = (0, (int)exchange.Client.SafeHandle.DangerousGetHandle());
        bpf_map_update_elem(fd, &slot, &socket, 0).ShouldBe(0, Marshal.GetLastPInvokeErrorMessage());

        recorder.Until(_ => Counted() > 0, "the sweep has met it");
        exchange.Send(10, 20);
        recorder.ShouldReach(f => exchange.IsServer(f) && f.NetNamespace == space.Inode, new FlowSum(20, 10, 1));

        recorder.Collect();
        Counted().ShouldBe(1);

        long Counted() => recorder.Counters.LeftOut.Where(l => l.Reason == "tcp-in-sockmap").Sum(l => l.Records);
    }

    [LibraryImport("libbpf.so.1", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int bpf_map_create(int type, string name, uint keyBytes, uint valueBytes, uint entries, nint options);

    [LibraryImport("libbpf.so.1", SetLastError = true)]
    private static partial int bpf_map_update_elem(int map, void* key, void* value, ulong flags);
}
