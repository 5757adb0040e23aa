using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.FakeDataKit;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests.Agent;

/// <summary>An agent that posts to a DataKit of the test, and what DataKit got of it.</summary>
internal sealed class AgentRun : IAsyncDisposable
{
    private readonly DataKitServer _dataKit;
    private readonly AgentHome _home;

    private AgentRun(DataKitServer dataKit, AgentHome home, AgentProcess agent) => (_dataKit, _home, Agent) = (dataKit, home, agent);

    public AgentProcess Agent { get; }

    public static async Task<AgentRun> StartAsync(params string[] flags)
    {
        var dataKit = await DataKitServer.StartAsync();
        var home = new AgentHome();
        return new AgentRun(dataKit, home, await AgentProcess.StartReadyAsync(home, [.. flags, "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}"]));
    }

    /// <summary>Stops the agent; the points of httpflow.</summary>
    public async Task<NetflowPoints> EndAsync()
    {
        (await Agent.StopAsync()).Code.ShouldBe(0);
        return NetflowPoints.Of(_dataKit, "httpflow");
    }

    public async ValueTask DisposeAsync()
    {
        Agent.Dispose();
        _home.Dispose();
        await _dataKit.DisposeAsync();
    }
}
