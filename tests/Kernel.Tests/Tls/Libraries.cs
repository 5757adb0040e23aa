using EbpfActors.Probes.Elf;
using EbpfActors.Probes.Processes;
using EbpfActors.Probes.Tls;
using EbpfActors.Probes.Tls.Capture;
using EbpfActors.Probes.Tls.Discovery;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>What discovery would find in a file, without the discovery: a test captures exactly what it names.</summary>
internal static class Libraries
{
    private const string Folder = "/usr/lib/x86_64-linux-gnu/";

    public static TlsTarget LibSsl => Target(Folder + "libssl.so.3");

    public static TlsTarget LibCrypto => Target(Folder + "libcrypto.so.3");

    public static TlsTarget GnuTls => Target(Folder + "libgnutls.so.30");

    public static TlsTarget Node => Target("/usr/bin/node");

    public static TlsTarget Target(string path)
    {
        path = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        using var file = OpenedFile.TryOpen(path, out _)!;
        var found = FileClassifier.Classify(file, Path.GetFileName(path));
        return new TlsTarget(found.Flavour!.Value, file.StatIdentity, path, found.Points, found.Placement) { MappedPath = path };
    }

    /// <summary>The same with the points at the functions' first instructions and their returns.</summary>
    public static TlsTarget Plain(this TlsTarget target, params (TlsCall Call, string Symbol)[] functions)
    {
        using var file = OpenedFile.TryOpen(target.AttachPath, out _)!;
        var image = ElfImage.Read(file)!;
        var symbols = ElfSymbols.Find(image, Array.ConvertAll(functions, f => f.Symbol));
        ulong Offset(string symbol) => image.CodeOffset(symbols[symbol].Address)!.Value;
        return target with
        {
            Placement = "plain probes: a test",
            Points =
            [
                .. functions.Select(f => new ProbePoint(f.Call, ProbeMoment.Entry, Offset(f.Symbol))),
                .. functions.Where(f => f.Call != TlsCall.Free).Select(f => new ProbePoint(f.Call, ProbeMoment.Return, Offset(f.Symbol))),
            ],
        };
    }

    /// <summary>Where all reads end was found, on each of its two ways.</summary>
    public static void ShouldHaveOneProbeForReads(this TlsTarget target)
    {
        target.Placement.ShouldStartWith("one probe for every read");
        target.Points.Count(p => p is { Call: TlsCall.AnyRead, Moment: ProbeMoment.Done }).ShouldBe(2);
    }

    /// <summary>Capture of exactly these.</summary>
    public static TlsOptions Capturing(params TlsTarget[] targets) => new()
    {
        Discover = (sink, _) =>
        {
            Array.ForEach(targets, target => sink.Found(target, 1));
            return new MemoryStream();
        },
    };
}
