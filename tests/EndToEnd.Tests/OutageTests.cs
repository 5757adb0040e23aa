using System.Net;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Traffic;
using EbpfActors.FakeDataKit;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>DataKit goes, points wait on disk; it comes back, and they are all there, in order.</summary>
public sealed class OutageTests
{
    [Fact]
    public async Task An_outage_of_several_flushes_loses_nothing_and_leaves_an_empty_spool()
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, Flags(dataKit, home));
        using var tcp = new TcpServer(IPAddress.Loopback);
        tcp.Converse(1, 1);
        await Eventually.HoldsAsync(() => dataKit.Accepted.Count > 0);

        await dataKit.StopAsync();
        await SpoolAtLeastAsync(agent, tcp, points: 6);
        (await agent.StatusAsync()).WriterState.ShouldBe("backing-off");
        await dataKit.StartAgainAsync();
        await Eventually.HoldsAsync(async () => await agent.StatusAsync() is var s && s.Writer("spoolPoints") + s.Writer("queuedPoints") == 0);

        var shown = StatusDocument.Parse((await AgentProcess.RunAsync(["status", "--json", "--status-socket", home.StatusSocket])).Output);
        (shown.WriterState, shown.Writer("spoolEntries"), shown.Writer("droppedPoints")).ShouldBe(("healthy", 0, 0));
        await agent.StopAsync();
        dataKit.Accepted.Select(l => l.Line).ShouldBe(home.PointLines());
    }

    [Fact]
    public async Task What_was_spooled_before_a_SIGKILL_arrives_after_the_next_start()
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var tcp = new TcpServer(IPAddress.Loopback);
        using var first = await AgentProcess.StartReadyAsync(home, Flags(dataKit, home));
        var programs = first.Programs();
        tcp.Converse(1, 1);
        await Eventually.HoldsAsync(() => dataKit.Accepted.Count > 0);
        await dataKit.StopAsync();
        var posted = dataKit.Accepted.Count;
        var spooled = (int)await SpoolAtLeastAsync(first, tcp, points: 6);
        await Eventually.HoldsAsync(() => home.PointLines().Length >= posted + spooled);

        first.Signal("KILL");
        await first.EndAsync();

        programs.Count.ShouldBeGreaterThan(5);
        LoadedPrograms.AreGone(programs);
        (await File.ReadAllTextAsync(home.PidFile, TestContext.Current.CancellationToken)).ShouldBe($"{first.Id}");
        await dataKit.StartAgainAsync();
        var owed = home.PointLines().Skip(posted).Take(spooled);
        using var second = AgentProcess.Start(home, Flags(dataKit, home));
        await Eventually.HoldsAsync(() => dataKit.Accepted.Count >= posted + spooled, () => string.Join('\n', home.LogLines()));
        dataKit.Accepted.Select(l => l.Line).Skip(posted).Take(spooled).ShouldBe(owed);
        home.LogLines().ShouldContain(l => l.Contains("of an earlier run wait in the spool"));
        await Eventually.HoldsAsync(async () => (await second.StatusAsync()).Writer("spoolPoints") == 0);
        (await second.StopAsync()).Code.ShouldBe(0);
    }

    private static string[] Flags(DataKitServer dataKit, AgentHome home) =>
    [
        "--include-loopback", "--interval", "1s", "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}", "--output", $"datakit,file:{home.Points}",
    ];

    /// <summary>Goes on talking until the status says so; returns how many points it reported.</summary>
    private static async Task<long> SpoolAtLeastAsync(AgentProcess agent, TcpServer tcp, long points)
    {
        long spooled = 0;
        await Eventually.HoldsAsync(async () =>
        {
            tcp.Converse(1, 1);
            spooled = (await agent.StatusAsync()).Writer("spoolPoints");
            return spooled >= points;
        });
        return spooled;
    }
}
