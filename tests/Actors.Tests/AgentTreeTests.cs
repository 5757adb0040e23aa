using Akka.Actor;
using Akka.Hosting;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Probes;
using EbpfActors.Actors.Supervision;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.Probes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests;

/// <summary>The tree as production registers it, with a fake kernel below and test probes for the outputs.</summary>
public sealed class AgentTreeTests : IAsyncLifetime
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Soon = Eventually.Patience;

    private readonly FlowLedger _ledger = new();
    private readonly FakeKernel _kernel = new();
    private IHost _host = null!;
    private TestKit _kit = null!;
    private IActorRef _agent = null!;
    private TestProbe _datakit = null!;
    private TestProbe _output = null!;
    private TestProbe _ready = null!;
    private TestProbe _ended = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging(l => l.ClearProviders());
        builder.Services.AddAkka("agent-tree", akka => akka
            .AddHocon(VirtualTime.Config, HoconAddMode.Prepend)
            .WithActors((system, _) =>
            {
                _kit = new TestKit(system);
                (_datakit, _output, _ready) = (_kit.CreateTestProbe(), _kit.CreateTestProbe(), _kit.CreateTestProbe());
                _ended = _kit.CreateTestProbe();
                system.EventStream.Subscribe(_ready, typeof(ProbeReady));
                system.EventStream.Subscribe(_ended, typeof(PluginEnded));
            })
            .WithEbpfActors(Options()));
        _host = builder.Build();
        await _host.StartAsync();
        _agent = _host.Services.GetRequiredService<IRequiredActor<AgentActor>>().ActorRef;

        // The agent's word, not the kernel's: a flush does not wait for a probe of which the agent has not heard yet.
        await _ready.ExpectMsgAsync<ProbeReady>(Soon);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    [Theory]
    [InlineData("flush")]
    [InlineData("probes")]
    [InlineData("probes/net")]
    [InlineData("datakit")]
    [InlineData("outputs")]
    [InlineData("outputs/one")]
    [InlineData("losses")]
    [InlineData("undelivered")]
    public async Task Whichever_part_ends_flows_keep_coming(string part)
    {
        await FlowArrives(pid: 1);

        foreach (var end in new object[] { PoisonPill.Instance, Kill.Instance })
        {
            await End(part, end);
            await FlowArrives(pid: 2);
        }

        await Eventually.HoldsAsync(() => _ledger.Snapshot().All(e => e.InFlight == 0), () => string.Join('\n', _ledger.Snapshot()));
    }

    [Fact]
    public async Task A_probe_that_throws_while_it_drains_is_detached_and_comes_back()
    {
        _kernel.FailNextDrain(new InvalidOperationException("ring is broken"));
        await Eventually.HoldsAsync(() => _kernel.Detached == 1);
        var down = await StatusWhen(s => s.Probes.Single().State == PluginState.Waiting);
        down.Probes.Single().Problem.ShouldBe("ring is broken");

        await Rest();
        await AttachedTimes(2);

        await FlowArrives(pid: 1);
        var up = await StatusWhen(s => s.Probes.Single().State == "attached");
        up.Probes.Single().Restarts.ShouldBe(1);
        up.Outputs.Single().State.ShouldBe(PluginState.Running);
    }

    [Fact]
    public async Task A_probe_that_the_kernel_refuses_stops_alone_is_reported_once_and_works_when_the_refusal_ends()
    {
        var refusal = new BpfException("attach flow_on_state", Errno.Perm);
        _kernel.OnAttach = refusal;
        _kernel.FailNextDrain(refusal);

        var report = await _datakit.FishForMessageAsync(m => m is ReportLastError, Soon);
        ((ReportLastError)report).Content.ShouldContain("net: attach flow_on_state");
        var status = await StatusWhen(s => s.Probes.Single().State == PluginState.Failed);
        status.Probes.Single().Problem.ShouldContain("errno 1");
        status.Probes.Single().RetryAt.ShouldBe(_kit.Sys.Scheduler.Now + TimeSpan.FromMinutes(1));
        status.Parts.ShouldAllBe(p => p.State == PluginState.Running);
        _kernel.Attached.ShouldBe(1);

        _kit.Sys.Advance(TimeSpan.FromMinutes(1));
        await StatusWhen(s => s.Probes.Single() is { State: PluginState.Failed, Restarts: 1 });
        while (_datakit.HasMessages)
        {
            _datakit.ReceiveOne(TimeSpan.Zero).ShouldNotBeOfType<ReportLastError>();
        }

        _kernel.OnAttach = null;
        _kit.Sys.Advance(TimeSpan.FromMinutes(2));
        await AttachedTimes(2);
        await FlowArrives(pid: 1);
    }

    [Fact]
    public async Task A_probe_that_could_do_better_is_made_anew_without_a_failure()
    {
        _kernel.Better = "cgroup2 is mounted";
        var ended = await _ended.ExpectMsgAsync<PluginEnded>(Soon);
        (ended.Name, ended.Kind, ended.Problem).ShouldBe((NetProbeActor.Name, PluginEnd.StartsAnew, "cgroup2 is mounted"));

        await Rest();
        await AttachedTimes(2);

        await FlowArrives(pid: 1);
        _kernel.Detached.ShouldBe(1);
        _datakit.HasMessages.ShouldBeFalse();
    }

    [Fact]
    public async Task The_status_shows_every_part()
    {
        await FlowArrives(pid: 1);

        var status = await StatusWhen(_ => true);

        status.Parts.Select(p => p.Name).ShouldBe(["undelivered", "losses", "outputs", "datakit", "flush", "probes"]);
        status.Probes.Single().Hooks.ShouldHaveSingleItem();
        status.Flush.ShouldNotBeNull().Flushes.ShouldBeGreaterThan(0);
        status.Ledger.ShouldContain(e => e.Stage == LedgerStages.Flows);
        status.Writer.ShouldBe(TapActor.Answer);
    }

    [Fact]
    public async Task A_stop_flushes_what_is_held_closes_the_outputs_and_detaches()
    {
        _kernel.Open(Some.DeltaOfPid(1));

        _agent.Tell(StopAgent.Instance, _kit.TestActor);

        await _datakit.FishForMessageAsync(m => m is WritePoints, Soon);
        await _datakit.ExpectMsgAsync<CloseOutput>();
        await _output.FishForMessageAsync(m => m is CloseOutput, Soon);
        await _kit.ExpectMsgAsync<AgentStopped>(Soon);
        _kernel.Detached.ShouldBe(1);
        _ledger.Snapshot().ShouldAllBe(e => e.InFlight == 0 && e.Lost.Count == 0);
    }

    [Fact]
    public async Task An_exchange_becomes_a_point_of_httpflow_at_the_stop()
    {
        _kernel.Answer(Some.Exchange(path: "/last"));

        _agent.Tell(StopAgent.Instance, _kit.TestActor);

        var points = (WritePoints)await _datakit.FishForMessageAsync(m => m is WritePoints, Soon);
        points.Endpoint.ShouldBe(PointEndpoint.Httpflow);
        System.Text.Encoding.UTF8.GetString(points.Lines.Single()).ShouldContain("path=\"/last\"");
        await _kit.ExpectMsgAsync<AgentStopped>(Soon);
        _ledger.Snapshot().ShouldAllBe(e => e.InFlight == 0 && e.Lost.Count == 0);
    }

    [Fact]
    public async Task Stopping_the_host_stops_the_agent_first()
    {
        _kernel.Open(Some.DeltaOfPid(1));

        await _host.StopAsync();

        _kernel.Detached.ShouldBe(1);
        _ledger.FlowsEntry().Out.ShouldBe(1);
    }

    private AgentActorOptions Options() => new()
    {
        Ledger = _ledger,
        Renderers = Some.Renderers(),
        Flush = new() { Interval = Interval },
        NetProbe = new NetPluginOptions { Create = _kernel.Probe, RestBetweenDrains = TimeSpan.Zero, GatherFor = TimeSpan.Zero, AskBetter = TimeSpan.Zero, StopDeadline = Eventually.Patience },
        DataKit = TapActor.Props(() => _datakit),
        WriterStatusRequest = TapActor.Question,
        Outputs = [new PluginSpec("one", TapActor.Props(() => _output))],
        Backoff = new BackoffOptions { Jitter = 0 },
    };

    private async Task FlowArrives(uint pid)
    {
        var sent = Some.DeltaOfPid(pid);
        _kernel.Open(sent);
        foreach (var probe in new[] { _datakit, _output })
        {
            await Eventually.HoldsAsync(async () =>
            {
                _kit.Sys.Advance(Interval);
                var message = await probe.ReceiveOneAsync(TimeSpan.FromMilliseconds(50));
                return message is WritePoints;
            });
        }
    }

    private async Task End(string part, object message)
    {
        var child = await _kit.Sys.ActorSelection(_agent.Path / part.Split('/')).ResolveOne(Soon);
        await _kit.WatchAsync(child);
        child.Tell(message);
        await _kit.ExpectTerminatedAsync(child, Soon);
        await Eventually.HoldsAsync(async () =>
        {
            await Rest();
            return await Exists(part, notThis: child);
        });
        await AttachedTimes(1 + _kernel.Detached);
        Drain(_datakit);
        Drain(_output);
    }

    private static void Drain(TestProbe probe)
    {
        while (probe.HasMessages)
        {
            probe.ReceiveOne(TimeSpan.Zero);
        }
    }

    private async Task<bool> Exists(string part, IActorRef notThis)
    {
        try
        {
            var found = await _kit.Sys.ActorSelection(_agent.Path / part.Split('/')).ResolveOne(TimeSpan.FromMilliseconds(200));
            return !found.Equals(notThis);
        }
        catch (ActorNotFoundException)
        {
            return false;
        }
    }

    private async Task Rest()
    {
        await _agent.Barrier();
        _kit.Sys.Advance(TimeSpan.FromSeconds(1));
    }

    private Task AttachedTimes(int times) => Eventually.HoldsAsync(() => _kernel.Attached >= times);

    private async Task<AgentStatus> StatusWhen(Func<AgentStatus, bool> isReached)
    {
        AgentStatus status = null!;
        await Eventually.HoldsAsync(async () => isReached(status = await _agent.Ask<AgentStatus>(GetAgentStatus.Instance, Soon)));
        return status;
    }
}
