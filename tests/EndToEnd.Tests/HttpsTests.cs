using System.Globalization;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.FakeDataKit;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>HTTPS from the library's calls to DataKit, with nothing told to the agent but that it shall look.</summary>
public sealed class HttpsTests
{
    [Fact]
    public async Task A_request_over_TLS_is_a_point_of_its_client_and_one_of_its_server()
    {
        using var certificate = new Certificate();
        using var nginx = new HttpsNginx(workers: 2, certificate);
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(
            home, "--include-loopback", "--l7net-enabled", "httpflow-tls", "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}");
        await Eventually.HoldsAsync(async () => (await agent.StatusAsync()).PluginOf("ebpf-net").Hooks
            .Any(h => h.Hook.Contains("/libssl.so.3 (pid ", StringComparison.Ordinal) && h.Rung.StartsWith("uprobes", StringComparison.Ordinal)));

        using var curl = new RunningProgram("curl", $"-sk --http1.1 https://127.0.0.1:{nginx.Port}/over/tls?token=secret");
        (await curl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe("hello\n");
        Eventually.Ends(curl.Process);
        var workers = nginx.Workers();
        (await agent.StopAsync()).Code.ShouldBe(0);

        var exchanges = NetflowPoints.Of(dataKit, "httpflow");
        var flows = NetflowPoints.Of(dataKit);
        var client = exchanges.Clients("tcp", nginx.Port, curl.Id).All.ShouldHaveSingleItem();
        var server = exchanges.Servers("tcp", nginx.Port).All.ShouldHaveSingleItem();
        (client.Tags["process_name"], server.Tags["process_name"]).ShouldBe(("curl", "nginx"));
        workers.ShouldContain(uint.Parse(server.Tags["pid"], CultureInfo.InvariantCulture));
        client.Tags["pid"].ShouldBe(flows.Clients("tcp", nginx.Port, curl.Id).All.ShouldHaveSingleItem().Tags["pid"]);
        foreach (var point in new[] { client, server })
        {
            (point.Fields["method"], point.Fields["path"], point.Fields["status_code"]).ShouldBe(("GET", "/over/tls", 200L));
            (point.Fields["count"], point.Fields["truncated"]).ShouldBe((1L, false));
            ((long)point.Fields["latency"]).ShouldBeGreaterThan(0);
        }

        (server.Fields["bytes_read"], server.Fields["bytes_written"]).ShouldBe((client.Fields["bytes_written"], client.Fields["bytes_read"]));
        dataKit.Accepted.Where(l => l.Line.Contains("/over/tls", StringComparison.Ordinal)).ShouldAllBe(l => !l.Line.Contains("secret", StringComparison.Ordinal));
    }
}
