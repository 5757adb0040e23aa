using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Tls;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>
/// HTTPS between programs of other Debian releases, with the OpenSSL that ships with them: 1.1.1 and 3.5, each with the probes that its
/// machine code allows.
/// </summary>
public sealed class OtherOpenSslTests : IDisposable
{
    private const string OpenSsl11 = "bullseye";
    private const string OpenSsl35 = "trixie";

    private readonly List<IDisposable> _mine = [];

    public void Dispose()
    {
        _mine.Reverse();
        _mine.ForEach(m => m.Dispose());
    }

    [Theory]
    [InlineData(OpenSsl11, "OpenSSL 1.1.1")]
    [InlineData(OpenSsl35, "OpenSSL 3.5")]
    public void Openssl_itself_is_captured_on_both_sides(string release, string version)
    {
        const string Request = "POST /said?by=hand HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        const string Answer = "HTTP/1.1 418 Teapot\r\nContent-Length: 5\r\n\r\nhello";
        var userland = Programs(release);
        userland.Run("openssl", "version").ShouldStartWith(version);
        using var recorder = new HttpsRecorder(Targets(userland));
        using var talk = new OpenSslTalk(NewCertificate(userland), userland);
        for (var i = 0; i < 3; i++)
        {
            talk.Say(Request);
            talk.Answer(Answer);
        }

        recorder.Until(() => recorder.On(talk.Port).Sum(e => e.Count) >= 6);
        recorder.On(talk.Port).ShouldAllBe(e => e.Method == "POST" && e.Path == "/said" && e.Status == 418 && e.Flow.ProcessName == "openssl");
        foreach (var isClient in new[] { true, false })
        {
            var side = recorder.On(talk.Port).Where(e => e.IsClients() == isClient).ToList();
            (side.Count, side.Sum(e => e.Count)).ShouldBe((3, 3u));
            side.ShouldAllBe(e => (isClient ? e.BytesWritten : e.BytesRead) == (ulong)Request.Length);
            side.ShouldAllBe(e => (isClient ? e.BytesRead : e.BytesWritten) == (ulong)Answer.Length);
            side.ShouldAllBe(e => e.Flow.Pid == (uint)(isClient ? talk.ClientPid : talk.ServerPid));
        }

        recorder.OwnLosses.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(OpenSsl11)]
    [InlineData(OpenSsl35)]
    public void Every_read_is_seen_in_one_hit(string release) =>
        Targets(Programs(release))[0].ShouldHaveOneProbeForReads();

    [Theory]
    [InlineData(OpenSsl11)]
    [InlineData(OpenSsl35)]
    public void Curl_and_nginx_show_each_request_once_on_each_side_with_its_bytes(string release)
    {
        var userland = Programs(release);
        var nginx = NewNginx(userland);
        var port = FreePorts.Next();
        using var folder = userland.NewFolder("curl");
        using var recorder = new HttpsRecorder(Targets(userland));
        var sizes = userland.Run("curl", $"-sk --http1.1 --local-port {port} -w %{{size_request}}+%{{size_header}}+%{{size_download}}\\n "
            + string.Join(' ', Enumerable.Range(0, 3).Select(i => $"-o {userland.Inside(folder.Path)}/{i} https://127.0.0.1:{nginx.Port}/p{port}-{i}?q=1")));

        recorder.ShouldSeeEach(3, nginx.Port);

        var expected = sizes.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('+').Select(ulong.Parse).ToArray()).ToArray();
        foreach (var isClient in new[] { true, false })
        {
            var side = recorder.Told.Where(e => e.IsClients() == isClient).ToArray();
            side.Select(e => e.Path).ShouldBe([$"/p{port}-0", $"/p{port}-1", $"/p{port}-2"]);
            side.ShouldAllBe(e => e.Status == 200 && e.Flow.ProcessName == (isClient ? "curl" : "nginx"));
            side.Select(e => isClient ? e.BytesWritten : e.BytesRead).ShouldBe(expected.Select(s => s[0]));
            side.Select(e => isClient ? e.BytesRead : e.BytesWritten).ShouldBe(expected.Select(s => s[1] + s[2]));
        }
    }

    /// <summary>Python calls the <c>_ex</c> functions; asyncio encrypts into memory.</summary>
    [Theory]
    [InlineData(OpenSsl11, "threads", false)]
    [InlineData(OpenSsl11, "loop", false)]
    [InlineData(OpenSsl11, "loop", true)]
    [InlineData(OpenSsl35, "threads", false)]
    [InlineData(OpenSsl35, "loop", false)]
    [InlineData(OpenSsl35, "loop", true)]
    public void Many_connections_of_Python_are_told_apart(string release, string how, bool areOlder)
    {
        var userland = Programs(release);
        var nginx = NewNginx(userland);
        using var early = areOlder ? null : new HttpsRecorder(Targets(userland));
        using var clients = new PythonClients(how, nginx.Port, connections: 20, each: 10, userland);
        using var late = areOlder ? new HttpsRecorder(Targets(userland)) : null;
        clients.Talk();

        (early ?? late)!.ShouldSeeEach(20 * 10, nginx.Port);
    }

    private static Userland Programs(string release)
    {
        var userland = Userland.TryOf(release);
        Assert.SkipWhen(userland is null, $"needs the programs of Debian {release}, which make setup downloads");
        return userland!;
    }

    private static TlsTarget[] Targets(Userland userland)
    {
        var is11 = File.Exists(userland.Library("libssl.so.1.1"));
        string[] libraries = is11 ? ["libssl.so.1.1", "libcrypto.so.1.1"] : ["libssl.so.3", "libcrypto.so.3"];
        return Array.ConvertAll(libraries, library => Libraries.Target(userland.Library(library)));
    }

    private Certificate NewCertificate(Userland userland) => Kept(new Certificate(userland));

    private HttpsNginx NewNginx(Userland userland) => Kept(new HttpsNginx(workers: 1, NewCertificate(userland), userland));

    private T Kept<T>(T mine)
        where T : IDisposable
    {
        _mine.Add(mine);
        return mine;
    }
}
