using EbpfActors.Probes.Elf;
using EbpfActors.Probes.Tls.Go;
using EbpfActors.Probes.Tls.Placement;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>Looks into a file: which TLS it carries, and where that is probed. Pure but for the reading.</summary>
internal static class FileClassifier
{
    private const int MaxInnerCode = 1024;

    private static readonly (string Symbol, TlsCall Call)[] OpenSslCalls =
    [
        ("SSL_read", TlsCall.Read), ("SSL_write", TlsCall.Write), ("SSL_read_ex", TlsCall.ReadEx), ("SSL_write_ex", TlsCall.WriteEx),
        ("SSL_do_handshake", TlsCall.Handshake), ("SSL_free", TlsCall.Free), ("BIO_write", TlsCall.BioWrite),
    ];

    private static readonly (string Symbol, TlsCall Call)[] GnuTlsCalls =
    [
        ("gnutls_record_recv", TlsCall.GnuTlsRecv), ("gnutls_record_send", TlsCall.GnuTlsSend), ("gnutls_deinit", TlsCall.GnuTlsDeinit),
    ];

    private static readonly (string Symbol, TlsCall Call)[] BioCalls = [("BIO_write", TlsCall.BioWrite)];

    private static readonly (string Symbol, TlsCall Call)[] GoCalls =
        [("crypto/tls.(*Conn).Read", TlsCall.GoRead), ("crypto/tls.(*Conn).Write", TlsCall.GoWrite)];

    /// <param name="file">Anything.</param>
    /// <param name="path">What a process calls it.</param>
    internal static FileClassification Classify(IFileBytes file, string path)
    {
        var name = Path.GetFileName(path);
        if ((KnownLibraries.WithoutProbes(name) ?? KnownLibraries.OnCryptoAlone(path)) is { } known)
        {
            return FileClassification.Unprobed(known);
        }

        if (KnownLibraries.IsFacade(name))
        {
            return FileClassification.Nothing;
        }

        if (ElfImage.Read(file) is not { } image)
        {
            return KnownLibraries.IsTls(name) ? FileClassification.Unprobed($"{name}, not built for x86-64") : FileClassification.Nothing;
        }

        if (GoBuildInfo.Version(image) is { } version)
        {
            return ClassifyGo(image, version);
        }

        if (KnownLibraries.IsGnuTls(name))
        {
            return Find(image, TlsFlavour.GnuTls, GnuTlsCalls) ?? FileClassification.Unprobed($"{name} without its functions");
        }

        if (KnownLibraries.IsCrypto(name))
        {
            return Find(image, TlsFlavour.OpenSsl, BioCalls) ?? FileClassification.Nothing;
        }

        var marks = ElfSymbols.Find(image, "SSL_read", "SSL_write");
        return marks.Count == 2
            ? Find(image, TlsFlavour.OpenSsl, OpenSslCalls)!
            : image.IsProgram ? FileClassification.Nothing with { IsProgram = true } : FileClassification.Nothing;
    }

    private static FileClassification? Find(ElfImage image, TlsFlavour flavour, (string Symbol, TlsCall Call)[] calls)
    {
        var symbols = ElfSymbols.Find(image, Array.ConvertAll(calls, c => c.Symbol));
        var summary = new PlacementSummary();
        foreach (var (symbol, call) in calls)
        {
            if (symbols.TryGetValue(symbol, out var function))
            {
                summary.Add(symbol, CallPlacer.Place(call, new FunctionCode(function.Address, function.Size, image.Code)));
            }
        }

        if (flavour == TlsFlavour.OpenSsl && symbols.TryGetValue("SSL_read", out var read))
        {
            summary.AddSharedRead(ReadEnds(image, read, symbols));
        }

        return summary.Points.Count == 0 ? null : new(flavour, InFile(image, summary.Points), summary.Text);
    }

    private static List<ProbePoint> ReadEnds(ElfImage image, ElfSymbol read, Dictionary<string, ElfSymbol> symbols)
    {
        FunctionCode Open(ElfSymbol symbol) => new(symbol.Address, symbol.Size, image.Code);
        var methods = ElfSymbols.Find(image, "TLS_method", "TLS_client_method", "TLS_server_method").Values.Select(Open).ToList();
        FunctionCode? readEx = symbols.TryGetValue("SSL_read_ex", out var ex) ? Open(ex) : null;
        var end = ReadPath.End(
            Open(read), readEx, methods, address => new FunctionCode(address, MaxInnerCode, image.Code), address => ElfPointers.Read(image, address));
        return end is null ? [] : ReadEnd.Find(end);
    }

    private static FileClassification ClassifyGo(ElfImage image, string version)
    {
        var functions = GoFunctions.Find(image, Array.ConvertAll(GoCalls, c => c.Symbol));
        if (functions.Count == 0)
        {
            return FileClassification.Nothing;
        }

        // Go 1.16 passes arguments on the stack; from 1.18 on the version is readable.
        if (version.Length == 0)
        {
            return FileClassification.Unprobed("Go older than 1.18");
        }

        var summary = new PlacementSummary();
        foreach (var (symbol, call) in GoCalls)
        {
            if (!functions.TryGetValue(symbol, out var function))
            {
                return FileClassification.Unprobed($"{version} without {symbol}");
            }

            var (placement, why) = GoPlacer.Place(call, new FunctionCode(function.Address, function.Size, image.Code));
            if (placement is null)
            {
                return FileClassification.Unprobed($"{version}, {symbol}: {why}");
            }

            summary.Add(symbol, placement);
        }

        return new(TlsFlavour.Go, InFile(image, summary.Points), summary.Text);
    }

    private static List<ProbePoint> InFile(ElfImage image, IReadOnlyList<ProbePoint> points)
    {
        var inFile = new List<ProbePoint>(points.Count);
        foreach (var point in points)
        {
            if (image.CodeOffset(point.FileOffset) is { } offset)
            {
                inFile.Add(point with { FileOffset = offset });
            }
        }

        return inFile;
    }
}
