using EbpfActors.Kernel.Tests.Net;
using EbpfActors.Kernel.Tests.Tls;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Tls;

namespace EbpfActors.Kernel.Tests.Refusals;

/// <summary>What httpflow-tls tells: each is seen exactly, or not at all.</summary>
[Flags]
public enum ToldTls
{
    None = 0,

    /// <summary>A client that receives inside the reads of OpenSSL (curl), and the server of all others here (nginx).</summary>
    OpenSsl = 1 << 0,

    /// <summary>A client that receives outside of them, and has its TLS in memory (asyncio).</summary>
    InMemory = 1 << 1,

    /// <summary>wget.</summary>
    GnuTls = 1 << 2,

    /// <summary>Client and server.</summary>
    Go = 1 << 3,

    All = OpenSsl | InMemory | GnuTls | Go,
}

/// <summary>A Go program that speaks HTTPS; built once.</summary>
public sealed class GoPeer : IDisposable
{
    private readonly GoProgram _program = new(Path.Combine(AppContext.BaseDirectory, "Tls/Peers/peer.go"), "");

    internal string File => _program.File;

    public void Dispose() => _program.Dispose();
}

/// <summary>HTTPS by every kind of library.</summary>
internal sealed class TlsTraffic : IDisposable
{
    private const int Each = 3;
    private const int Connections = 2;

    private readonly Certificate _certificate = new();
    private readonly HttpsNginx _nginx;
    private readonly PeerPrograms _go;

    public TlsTraffic(GoPeer go)
    {
        _nginx = new HttpsNginx(workers: 1, _certificate);
        _go = new PeerPrograms(go.File, "", FreePorts.Next(), _certificate);
        Targets = [(ToldTls.OpenSsl | ToldTls.InMemory, Libraries.LibSsl), (ToldTls.None, Libraries.LibCrypto), (ToldTls.GnuTls, Libraries.GnuTls), (ToldTls.Go, Libraries.Target(go.File))];
    }

    /// <summary>The files that its programs use, and what cannot be told without each.</summary>
    public IReadOnlyList<(ToldTls Kind, TlsTarget File)> Targets { get; }

    /// <summary>Once, after the probe was attached.</summary>
    public void Happen()
    {
        var port = FreePorts.Next();
        Shell.Run("curl", $"-sk --http1.1 --local-port {port} "
            + string.Join(' ', Enumerable.Range(0, Each).Select(i => $"-o /dev/null https://127.0.0.1:{_nginx.Port}/p{port}-{i}")));
        using var asyncio = new PythonClients("loop", _nginx.Port, Connections, Each);
        asyncio.Talk();
        Shell.Run("wget", $"-q --no-check-certificate -O /dev/null {string.Join(' ', Enumerable.Range(0, Each).Select(i => $"https://127.0.0.1:{_nginx.Port}/wget/{i}"))}");
        _go.Connect(Connections, Each);
        _go.Talk();
    }

    /// <summary>What was told exactly. What was told otherwise, or by halves, is in <paramref name="wrong"/>.</summary>
    public ToldTls Seen(FlowRecorder recorder, out string wrong)
    {
        var (told, faults) = (ToldTls.None, new List<string>());
        var onNginx = recorder.Exchanges.Where(e => Server(e) == _nginx.Port && e.Status == 200).ToList();
        var onGo = recorder.Exchanges.Where(e => Server(e) == _go.Port && e.Status == 200 && e.HasPort()).ToList();
        onNginx.ShouldBeOnTheirConnections(_nginx.Port);
        onGo.ShouldBeOnTheirConnections(_go.Port);
        var clients = onNginx.Where(e => e.IsClients()).ToLookup(e => e.Flow.ProcessName);
        const int OfNginx = Each + (Connections * Each) + Each;
        Check(ToldTls.OpenSsl, Count(clients["curl"]) + Count(onNginx.Where(e => !e.IsClients())), Each + OfNginx);
        Check(ToldTls.InMemory, Count(clients["python3"]), Connections * Each);
        Check(ToldTls.GnuTls, Count(clients["wget"]), Each);
        Check(ToldTls.Go, Count(onGo), 2 * Connections * Each);
        wrong = string.Join("; ", faults);
        return told;

        void Check(ToldTls what, long seen, long wanted)
        {
            if (seen == wanted)
            {
                told |= what;
            }
            else if (seen != 0)
            {
                faults.Add($"{what}: {seen} exchanges where there were {wanted}");
            }
        }
    }

    /// <summary>Connections to nginx that netflow has seen begin.</summary>
    public long Established(FlowRecorder recorder) =>
        recorder.Sum(f => f.Direction == Direction.Outgoing && f.DestinationPort == _nginx.Port).Established;

    /// <summary>At least so many there were.</summary>
    public static long Least => 1 + Connections + 1;

    public void Dispose()
    {
        _go.Dispose();
        _nginx.Dispose();
        _certificate.Dispose();
    }

    private static int Server(HttpExchange exchange) => exchange.IsClients() ? exchange.Flow.DestinationPort : exchange.Flow.SourcePort;

    private static long Count(IEnumerable<HttpExchange> exchanges) => exchanges.Sum(e => e.Count);
}
