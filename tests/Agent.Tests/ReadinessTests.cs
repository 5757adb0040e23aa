using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Probes;
using EbpfActors.Actors.Supervision;

namespace EbpfActors.Agent.Tests;

public sealed class ReadinessTests : TestKit
{
    private static readonly DateTimeOffset Again = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly string AgainText = Again.ToLocalTime().ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);

    private readonly Readiness _readiness = new(["net", "bash"]);
    private readonly List<string> _told = [];
    private readonly IActorRef _listener;

    public ReadinessTests()
        : base(ConfigurationFactory.ParseString("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")) =>
        _listener = Sys.ActorOf(_readiness.Props());

    [Fact]
    public async Task It_is_ready_when_every_plugin_is_attached()
    {
        await Hears(new ProbeReady("net", []));
        Assert.False(_readiness.Done.IsCompleted);
        await Hears(new ProbeReady("bash", []));

        Assert.Empty(await _readiness.Done);
        Follow();
        Assert.Equal(["first: collecting: ebpf-net, ebpf-bash"], _told);
    }

    [Theory]
    [InlineData(PluginEnd.Failure, "ebpf-net (being started again: no luck)")]
    [InlineData(PluginEnd.Refusal, "ebpf-net (refused, tried again at TIME: no luck)")]
    public async Task A_plugin_that_failed_once_in_any_way_is_not_waited_for(PluginEnd kind, string problem)
    {
        await Hears(new ProbeReady("bash", []));
        await Hears(new PluginEnded("net", kind, "no luck", Again));

        Assert.Equal([problem.Replace("TIME", AgainText, StringComparison.Ordinal)], await _readiness.Done);
    }

    [Fact]
    public async Task It_is_ready_within_half_a_minute_whatever_becomes_of_a_plugin()
    {
        await Hears(new ProbeReady("net", []));

        await Passes(29.9);
        Assert.False(_readiness.Done.IsCompleted);
        await Passes(0.1);

        Assert.Equal(["ebpf-bash (being attached)"], await _readiness.Done);
        Follow();
        Assert.Equal(["first: collecting: ebpf-net; not: ebpf-bash (being attached)"], _told);
    }

    [Fact]
    public async Task Which_plugins_collect_is_told_after_each_change_and_only_then()
    {
        await Hears(new ProbeReady("net", []));
        await Hears(new PluginEnded("bash", PluginEnd.Refusal, "not permitted", Again));
        Follow();

        await Hears(new ProbeReady("net", []));
        await Hears(new PluginEnded("datakit", PluginEnd.Failure, "is no plugin", Again));
        await Hears(new ProbeReady("bash", []));
        await Hears(new PluginEnded("net", PluginEnd.Failure, "ring is broken", Again));

        Assert.Equal(
            [
                $"first: collecting: ebpf-net; not: ebpf-bash (refused, tried again at {AgainText}: not permitted)",
                "collecting: ebpf-net, ebpf-bash",
                "collecting: ebpf-bash; not: ebpf-net (being started again: ring is broken)",
            ],
            _told);
    }

    [Fact]
    public async Task Without_plugins_it_is_ready_at_once()
    {
        var nothing = new Readiness([]);

        Assert.Empty(await nothing.Done);
        nothing.Follow(text => Assert.Equal("nothing to collect", text), Assert.Fail);
    }

    private void Follow() => _readiness.Follow(text => _told.Add("first: " + text), _told.Add);

    /// <summary>Through the event stream, as the agent says it; it is with the listener then.</summary>
    private async Task Hears(object message)
    {
        await Barrier();
        Sys.EventStream.Publish(message);
        await Barrier();
    }

    private async Task Passes(double seconds)
    {
        await Barrier();
        ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromSeconds(seconds));
        await Barrier();
    }

    private Task<ActorIdentity> Barrier() => _listener.Ask<ActorIdentity>(new Identify(null), Eventually.Patience);
}
