using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.EndToEnd.Tests.Traffic;
using EbpfActors.FakeDataKit;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>Standard output and files carry what DataKit gets.</summary>
public sealed class OutputTests
{
    [Fact]
    public async Task Standard_output_and_a_file_carry_exactly_the_lines_that_are_posted()
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(
            home,
            "--include-loopback", "--interval", "1s", "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}",
            "--output", "datakit", "--output", $"stdout,file:{home.Points}");
        using var tcp = new TcpServer(System.Net.IPAddress.Loopback);

        for (var round = 0; round < 2; round++)
        {
            tcp.Converse(100, 200);
            await agent.FlushesAsync(1);
        }

        tcp.Converse(1, 2);
        var ended = await agent.StopAsync();

        var posted = string.Concat(dataKit.Accepted.Select(l => l.Line + "\n"));
        ended.Output.ShouldBe(posted);
        (await File.ReadAllTextAsync(home.Points, TestContext.Current.CancellationToken)).ShouldBe(posted);
        NetflowPoints.Parse(home.PointLines()).Clients("tcp", tcp.Port).Sum("bytes_written").ShouldBe(201);
    }

    [Fact]
    public async Task A_flush_is_in_the_file_before_the_agent_ends()
    {
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, "--include-loopback", "--interval", "1s", "--output", $"file:{home.Points}");
        using var tcp = new TcpServer(System.Net.IPAddress.IPv6Loopback);

        tcp.Converse(12, 34);

        await Eventually.HoldsAsync(() => NetflowPoints.Parse(home.PointLines()).Clients("tcp", tcp.Port).Sum("bytes_read") == 34);
        agent.HasExited.ShouldBeFalse();
    }
}
