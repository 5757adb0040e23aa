using System.Runtime.InteropServices;
using EbpfActors.Kernel.Tests.Tls;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Processes;
using EbpfActors.Probes.Tls;
using EbpfActors.Probes.Tls.Capture;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Refusals;

/// <summary>What the kernel refuses for one file of httpflow-tls is about that file, and may be about the moment.</summary>
public sealed partial class TlsFileRefusalTests : IDisposable
{
    private const int OpenFiles = 7; // RLIMIT_NOFILE

    private readonly Certificate _certificate = new();

    public static TheoryData<string> Rungs => [.. TlsHooks.Calls.Rungs.Select(r => r.Name)];

    public void Dispose() => _certificate.Dispose();

    [Theory]
    [MemberData(nameof(Rungs))]
    public void A_file_that_is_refused_for_good_is_named_and_leaves_the_rung_to_the_others(string rung)
    {
        var missing = Libraries.LibSsl with { File = new FileIdentity(1, 1), AttachPath = "/nowhere/libssl.so", MappedPath = "/missing" };
        var beyond = Libraries.LibSsl with { File = new FileIdentity(1, 2), Points = [new(TlsCall.Write, ProbeMoment.Entry, 1UL << 40)], MappedPath = "/beyond" };
        var taken = new List<bool>();
        using var nginx = new HttpsNginx(workers: 1, _certificate);
        using var recorder = new HttpsRecorder(new TlsOptions
        {
            Without = new WithoutHooks(TlsHooks.Calls.Rungs.TakeWhile(r => r.Name != rung).Select(r => WithoutHooks.Qualified(TlsHooks.Calls, r))),
            Discover = (sink, _) =>
            {
                taken.AddRange(((TlsTarget[])[missing, beyond, Libraries.LibSsl, Libraries.LibCrypto]).Select(t => sink.Found(t, 1)));
                return new MemoryStream();
            },
        });

        Talk(nginx, recorder);

        taken.ShouldBe([true, true, true, true], "nothing of this may pass");
        recorder.Hooks.Single(h => h.Hook == "tls-calls").Rung.ShouldBe(TlsHooks.Calls[rung].Kernel);
        Row(recorder, "/missing").Problem.ShouldContain("(errno 2)");
        Row(recorder, "/beyond").Problem.ShouldContain("(errno 22)");
    }

    [Theory]
    [MemberData(nameof(Rungs))]
    public void A_file_that_is_refused_for_the_moment_is_to_be_told_again_and_captured_then(string rung)
    {
        var first = new List<bool>();
        ITlsDiscoverySink? told = null;
        TlsTarget[] targets = [Libraries.GnuTls, Libraries.LibSsl, Libraries.LibCrypto];
        using var nginx = new HttpsNginx(workers: 1, _certificate);
        using var recorder = new HttpsRecorder(new TlsOptions
        {
            Without = new WithoutHooks(TlsHooks.Calls.Rungs.TakeWhile(r => r.Name != rung).Select(r => WithoutHooks.Qualified(TlsHooks.Calls, r))),
            Discover = (sink, _) =>
            {
                told = sink;
                first.AddRange(WithoutDescriptors(() => targets.Select(t => sink.Found(t, 1)).ToList()));
                return new MemoryStream();
            },
        });
        first.ShouldBe([false, false, false]);
        Row(recorder, Libraries.LibSsl.MappedPath).Problem.ShouldContain("(errno 24)");
        Row(recorder, Libraries.LibSsl.MappedPath).Problem.ShouldEndWith("; it is tried again");
        var receive = recorder.Counters.Hooks.Single(h => h.Hook == "tls-receive");
        (receive.Rung, receive.Problem).ShouldBe(("", "GnuTLS is not captured until it can be attached: attach tls_on_receive: Too many open files (errno 24)"));

        targets.Select(t => told!.Found(t, 1)).ShouldBe([true, true, true]);

        targets.ShouldAllBe(t => Row(recorder, t.MappedPath).Problem.Length == 0);
        receive = recorder.Counters.Hooks.Single(h => h.Hook == "tls-receive");
        (receive.Rung, receive.Problem).ShouldBe(("tp_btf/tcp_rcv_space_adjust", ""));
        Talk(nginx, recorder);
        Shell.Run("wget", $"-q --no-check-certificate -O /dev/null https://127.0.0.1:{nginx.Port}/wget");
        recorder.Until(() => recorder.On(nginx.Port).Count(e => e.Path == "/wget") == 2);
    }

    private static void Talk(HttpsNginx nginx, HttpsRecorder recorder)
    {
        var port = FreePorts.Next();
        Shell.Run("curl", $"-sk --http1.1 --local-port {port} -o /dev/null https://127.0.0.1:{nginx.Port}/p{port}-0");
        recorder.ShouldSeeEach(1, nginx.Port);
    }

    private static HookStatus Row(HttpsRecorder recorder, string path) => recorder.Counters.Hooks.Single(h => h.Hook == $"tls {path} (pid 1)");

    /// <summary>This process gets no new descriptor while the given runs.</summary>
    private static T WithoutDescriptors<T>(Func<T> run)
    {
        getrlimit(OpenFiles, out var usual).ShouldBe(0);
        var none = usual with { Now = 0 };
        setrlimit(OpenFiles, in none).ShouldBe(0);
        try
        {
            return run();
        }
        finally
        {
            setrlimit(OpenFiles, in usual).ShouldBe(0);
        }
    }

    [LibraryImport("libc")]
    private static partial int getrlimit(int what, out Limit limit);

    [LibraryImport("libc")]
    private static partial int setrlimit(int what, in Limit limit);

    private readonly record struct Limit(nuint Now, nuint Most);
}
