using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Tls;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>TLS that is not the distribution's OpenSSL: GnuTLS, the OpenSSL inside node, Go's own.</summary>
public sealed class OtherLibraryTests : IDisposable
{
    private readonly Certificate _certificate = new();

    public void Dispose() => _certificate.Dispose();

    [Fact]
    public void Wget_is_captured_through_GnuTLS()
    {
        using var nginx = new HttpsNginx(workers: 1, _certificate);
        using var recorder = new HttpsRecorder(Libraries.GnuTls, Libraries.LibSsl, Libraries.LibCrypto);
        for (var i = 0; i < 3; i++)
        {
            Shell.Run("wget", $"-q --no-check-certificate -O /dev/null https://127.0.0.1:{nginx.Port}/a{i} https://127.0.0.1:{nginx.Port}/b{i}");
        }

        recorder.Until(() => recorder.On(nginx.Port).Count >= 12);
        var clients = recorder.On(nginx.Port).Where(e => e.IsClients()).ToList();
        var servers = recorder.On(nginx.Port).Where(e => !e.IsClients()).ToList();
        clients.ShouldAllBe(e => e.Flow.ProcessName == "wget" && e.Flow.DestinationPort == nginx.Port && e.Count == 1);

        // What nginx says of each exchange, wget says too: on the same ports, with the same bytes.
        clients.Select(e => (e.Path, e.Status, e.Flow.SourcePort, Sent: e.BytesWritten, Got: e.BytesRead))
            .ShouldBe(servers.Select(e => (e.Path, e.Status, e.Flow.DestinationPort, Sent: e.BytesRead, Got: e.BytesWritten)), ignoreOrder: true);
        recorder.OwnLosses.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Node_is_captured_on_both_sides(bool areOlder) =>
        Converse(areOlder, port => Peer("node", port, Libraries.Node), Libraries.Node);

    [Theory]
    [InlineData(false, "")]
    [InlineData(true, "")]
    [InlineData(false, "-s -w")]
    public void Go_is_captured_on_both_sides(bool areOlder, string linkerFlags)
    {
        using var program = new GoProgram(Path.Combine(AppContext.BaseDirectory, "Tls/Peers/peer.go"), linkerFlags);
        Converse(areOlder, port => Peer(program.File, port, null), Libraries.Target(program.File));
    }

    private void Converse(bool areOlder, Func<int, PeerPrograms> start, TlsTarget target)
    {
        const int Connections = 20;
        const int Each = 10;
        using var peers = start(FreePorts.Next());
        using var early = areOlder ? null : new HttpsRecorder(target);
        peers.Connect(Connections, Each);
        using var late = areOlder ? new HttpsRecorder(target) : null;
        peers.Talk();

        (early ?? late)!.ShouldSeeEach(Connections * Each, peers.Port);
    }

    private PeerPrograms Peer(string program, int port, TlsTarget? node) => new(
        program, node is null ? "" : Path.Combine(AppContext.BaseDirectory, "Tls/Peers/peer.js") + " ", port, _certificate);
}
