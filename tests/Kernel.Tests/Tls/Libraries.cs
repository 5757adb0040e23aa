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
            .Where(parts => parts.Length > 2 && parts[1] is "T" or "W").DistinctBy(parts => parts[2]).ToDictionary(parts => parts[2], parts => Convert.ToUInt64(parts[0], 16));
        var points = functions.SelectMany(f => Points(f.Call, symbols[f.Symbol])).ToList();
        return new TlsTarget(flavour, new FileIdentity(1, (ulong)path.GetHashCode(StringComparison.Ordinal)), path, points, "plain probes: a test");
    }

    private static IEnumerable<ProbePoint> Points(TlsCall call, ulong offset)
    {
        yield return new ProbePoint(call, ProbeMoment.Entry, offset);
        if (call is not (TlsCall.Free or TlsCall.GnuTlsDeinit or TlsCall.BioWrite))
        {
            yield return new ProbePoint(call, ProbeMoment.Return, offset);
        }
    }
}
