using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.EndToEnd.Tests.Traffic;
using EbpfActors.FakeDataKit;
using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.EndToEnd.Tests.Smoke;

/// <summary>
/// One agent with everything turned on, all traffic of the smoke, the agent's end. What it wrote and said is what the tests look at.
/// Made to be run on other kernels in an emulated machine too, where every process costs seconds: few processes, long deadlines.
/// </summary>
public sealed class SmokeRun : IAsyncLifetime
{
    internal const int Requests = 20;
    internal const int NatConnections = 5;
    internal static readonly string[] Commands = [": first", ": second 'quoted'", ": third"];
    internal static readonly string[] Names = ["one.test", "two.test", "one.test", "nowhere.test"];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);
    private readonly AgentHome _home = new();

    internal SmokeExpectations Expected { get; } = SmokeExpectations.OfThisHost();

    internal StatusDocument Status { get; private set; } = null!;

    internal Ended Ended { get; private set; } = null!;

    /// <summary>The account of the connections and datagrams of this process, IPv4 and IPv6.</summary>
    internal TcpServer[] Tcp { get; private set; } = [];

    internal UdpServer[] Udp { get; private set; } = [];

    internal int HttpPort { get; private set; }

    internal int HttpsPort { get; private set; }

    internal uint Bash { get; private set; }

    /// <summary>Bytes of one connection to the translated address, there and back.</summary>
    internal static (int Request, int Response) NatBytes => (300, 500);

    internal NetflowPoints Points(string measurement) => NetflowPoints.Parse(_home.PointLines(), measurement);

    /// <summary>In the order in which they were typed.</summary>
    internal IEnumerable<ParsedPoint> BashPoints() =>
        Points("bash").All.Where(p => (string)p.Fields["pid"] == $"{Bash}").OrderBy(p => p.Time);

    public async ValueTask InitializeAsync()
    {
        using var topology = new NatTopology();
        using var dnsmasq = Dnsmasq.Start(topology.Server, "host-record=one.test,192.0.2.1", "host-record=two.test,192.0.2.2");
        using var nginx = Nginx.Start(workers: 1, topology.Server);
        using var certificate = new Certificate();
        using var https = new HttpsNginx(workers: 1, certificate, space: topology.Server);
        (HttpPort, HttpsPort) = (nginx.Port, https.Port);
        using var agent = AgentProcess.Start(_home,
        [
            "--enabled", "ebpf-net,ebpf-bash,ebpf-conntrack", "--l7net-enabled", "httpflow,httpflow-tls", "--interval", "2s",
            "--output", $"file:{_home.Points}",
        ]);
        await agent.ReadyAsync(Patience);
        if (Expected.Exact.Contains(SmokeKind.Https))
        {
            await SayingAsync(agent, "that OpenSSL is probed", status => status.PluginOf("ebpf-net").Hooks
                .Any(h => h.Hook.Contains("/libssl.so.3 (pid ", StringComparison.Ordinal) && h.Rung.StartsWith("uprobes", StringComparison.Ordinal)));
        }

        await MoveAsync(agent, topology);
        Fetch(topology, $"http://10.78.2.2:{HttpPort}/plain?n=[1-{Requests}]");
        Fetch(topology, $"https://10.78.2.2:{HttpsPort}/secure?n=[1-{Requests}]");
        topology.Client.Exec("dig", $"+tries=1 +timeout=20 @10.78.2.2 {string.Join(' ', Names)}");
        Translate(topology);
        Type();
        Status = await NextFlushAsync(agent);
        Ended = await agent.StopAsync(patience: Patience);
    }

    public ValueTask DisposeAsync()
    {
        foreach (var server in (IEnumerable<IDisposable>)[.. Tcp, .. Udp])
        {
            server.Dispose();
        }

        _home.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Asks for the status, not too often for one slow CPU, until it says this.</summary>
    private static async Task<StatusDocument> SayingAsync(AgentProcess agent, string what, Func<StatusDocument, bool> isSaid)
    {
        var watch = Stopwatch.StartNew();
        StatusDocument? last = null;
        do
        {
            if (await agent.TryStatusAsync() is { } status && isSaid(last = status))
            {
                return status;
            }

            await Task.Delay(BetweenLooks);
        }
        while (watch.Elapsed < Patience);
        throw new TimeoutException($"the status did not say {what} within {Patience}, but {last}");
    }

    private static async Task<StatusDocument> NextFlushAsync(AgentProcess agent)
    {
        var now = await SayingAsync(agent, "anything", _ => true);
        return await SayingAsync(agent, "that one more flush is over", status => status.Flushes > now.Flushes);
    }

    /// <summary>Known bytes over TCP and UDP of both families, with a connection that outlives a flush.</summary>
    private async Task MoveAsync(AgentProcess agent, NatTopology topology)
    {
        string[] addresses = ["10.78.2.2", "fd78:2::2"];
        Tcp = [.. addresses.Select(IPAddress.Parse).Select(address => new TcpServer(
            topology.Server.Run(() => TcpServer.Listen(address)),
            () => topology.Client.Run(() => new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp))))];
        Udp = [.. addresses.Select(IPAddress.Parse).Select(address => new UdpServer(
            address, connected: true, server: topology.Server.Run<Socket>, client: topology.Client.Run<Socket>))];
        foreach (var server in Tcp)
        {
            using var conversation = server.Connect();
            conversation.Exchange(100_000, 1);
            await NextFlushAsync(agent);
            conversation.Exchange(1, 50_000);
            conversation.Close();
            server.Converse(10, 20);
        }

        foreach (var server in Udp)
        {
            server.Exchange(512, 1_200);
            server.Exchange(1, 2);
        }
    }

    /// <summary>One process and one connection.</summary>
    private static void Fetch(NatTopology topology, string urls)
    {
        var got = topology.Client.Exec("curl", $"-sSk --http1.1 {urls}");
        Assert.Equal(string.Concat(Enumerable.Repeat("hello\n", Requests)), got);
    }

    /// <summary>Connections to addresses that the router translates to the server's.</summary>
    private static void Translate(NatTopology topology)
    {
        foreach (var isIPv6 in (bool[])[false, true])
        {
            using var listener = topology.Listen(isIPv6, isTcp: true);
            var account = new TcpServer(listener, () => topology.Client.Run(() =>
                new Socket(isIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)))
            {
                Target = new IPEndPoint(NatTopology.Service(isIPv6, withSourceNat: false), NatTopology.ServicePort),
            };
            for (var i = 0; i < NatConnections; i++)
            {
                account.Converse(NatBytes.Request, NatBytes.Response);
            }
        }
    }

    private void Type()
    {
        using var bash = Terminal.Bash();
        Bash = bash.Pid;
        foreach (var command in Commands)
        {
            bash.Run(command);
        }
    }
}
