using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Tls;
using EbpfActors.Probes.Tls.Capture;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>Targets made from a library's symbols, with plain probes: what discovery would find, without it.</summary>
internal static class Libraries
{
    private const string Folder = "/usr/lib/x86_64-linux-gnu/";

    public static readonly TlsTarget LibSsl = Target(
        TlsFlavour.OpenSsl,
        Folder + "libssl.so.3",
        ("SSL_read", TlsCall.Read),
        ("SSL_write", TlsCall.Write),
        ("SSL_read_ex", TlsCall.ReadEx),
        ("SSL_write_ex", TlsCall.WriteEx),
        ("SSL_free", TlsCall.Free));

    public static readonly TlsTarget LibCrypto = Target(TlsFlavour.OpenSsl, Folder + "libcrypto.so.3", ("BIO_write", TlsCall.BioWrite));

    public static readonly TlsTarget GnuTls = Target(
        TlsFlavour.GnuTls,
        Folder + "libgnutls.so.30",
        ("gnutls_record_recv", TlsCall.GnuTlsRecv),
        ("gnutls_record_send", TlsCall.GnuTlsSend),
        ("gnutls_deinit", TlsCall.GnuTlsDeinit));

    /// <summary>A program with OpenSSL inside.</summary>
    public static TlsTarget Node { get; } = Target(
        TlsFlavour.OpenSsl,
        "/usr/bin/node",
        ("SSL_read", TlsCall.Read),
        ("SSL_write", TlsCall.Write),
        ("SSL_free", TlsCall.Free),
        ("BIO_write", TlsCall.BioWrite));

    /// <summary>Capture of exactly these.</summary>
    public static TlsOptions Capturing(params TlsTarget[] targets) => new()
    {
        Discover = sink =>
        {
            Array.ForEach(targets, target => sink.Found(target, 1));
            return new MemoryStream();
        },
    };

    private static TlsTarget Target(TlsFlavour flavour, string path, params (string Symbol, TlsCall Call)[] functions)
    {
        var symbols = Shell.Run("nm", $"-D --defined-only {path}").Split('\n').Select(line => line.Split([' ', '@']))
            .Where(parts => parts.Length > 2).DistinctBy(parts => parts[2]).ToDictionary(parts => parts[2], parts => Hex(parts[0]));
        var code = Shell.Run("readelf", $"-lW {path}").Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .First(parts => parts is ["LOAD", ..] && parts.Contains("E"));
        var shift = Hex(code[2]) - Hex(code[1]);
        var points = functions.SelectMany(f => Points(f.Call, symbols[f.Symbol] - shift)).ToList();
        return new TlsTarget(flavour, new FileIdentity(1, (ulong)path.GetHashCode(StringComparison.Ordinal)), path, points, "plain probes: a test") { MappedPath = path };
    }

    private static IEnumerable<ProbePoint> Points(TlsCall call, ulong offset)
    {
        yield return new ProbePoint(call, ProbeMoment.Entry, offset);
        if (call is not (TlsCall.Free or TlsCall.GnuTlsDeinit or TlsCall.BioWrite))
        {
            yield return new ProbePoint(call, ProbeMoment.Return, offset);
        }
    }

    private static ulong Hex(string text) => Convert.ToUInt64(text, 16);
}
