using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Supervision;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.Probes;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Supervision;

public sealed class PluginGroupTests : TestKit
{
    private readonly TestProbe _parent;

    public PluginGroupTests()
        : base(VirtualTime.Config) => _parent = CreateTestProbe();

    [Fact]
    public async Task A_failed_plugin_rests_longer_each_time_and_starts_again()
    {
        var group = Start();

        foreach (var rest in new[] { 1, 2, 4 })
        {
            group.Tell(new InvalidOperationException("no luck"));
            (await _parent.ExpectMsgAsync<PluginFailed>()).ShouldBe(new PluginFailed("one", "no luck", IsPermanent: false));
            (await Status(group)).State.ShouldBe(PluginState.Waiting);

            Sys.Advance(TimeSpan.FromSeconds(rest - 0.1));
            (await Status(group)).State.ShouldBe(PluginState.Waiting);
            Sys.Advance(TimeSpan.FromSeconds(0.1));
            (await Status(group)).State.ShouldBe(PluginState.Running);
        }

        (await Status(group)).Restarts.ShouldBe(3);
    }

    [Fact]
    public async Task A_plugin_that_ran_for_long_starts_counting_anew()
    {
        var group = Start();
        group.Tell(new InvalidOperationException("first"));
        await _parent.ExpectMsgAsync<PluginFailed>();
        Sys.Advance(TimeSpan.FromSeconds(1));
        await Status(group);

        Sys.Advance(TimeSpan.FromMinutes(2));
        group.Tell(new InvalidOperationException("much later"));
        await _parent.ExpectMsgAsync<PluginFailed>();
        Sys.Advance(TimeSpan.FromSeconds(1));

        (await Status(group)).State.ShouldBe(PluginState.Running);
    }

    [Fact]
    public async Task A_permanent_refusal_of_the_kernel_is_not_tried_again()
    {
        var group = Start();

        group.Tell(new BpfException("attach", Errno.Perm));

        (await _parent.ExpectMsgAsync<PluginFailed>()).IsPermanent.ShouldBeTrue();
        Sys.Advance(TimeSpan.FromHours(1));
        var status = await Status(group);
        (status.State, status.Restarts).ShouldBe((PluginState.Failed, 0));
        status.Problem.ShouldContain("errno 1");
    }

    [Fact]
    public async Task A_plugin_that_fails_while_it_is_made_is_a_failed_plugin()
    {
        var group = Start(Props.CreateBy(new Unmakeable()));

        (await _parent.ExpectMsgAsync<PluginFailed>()).ShouldBe(new PluginFailed("one", "cannot be made", IsPermanent: false));
        Sys.Advance(TimeSpan.FromSeconds(1));
        await _parent.ExpectMsgAsync<PluginFailed>();
        (await Status(group)).Restarts.ShouldBe(1);
    }

    [Fact]
    public async Task What_a_plugin_sends_goes_up_and_what_others_send_goes_down()
    {
        var group = Start();

        group.Tell("down");

        await _parent.ExpectMsgAsync("up: down");
    }

    [Fact]
    public async Task An_output_that_is_down_counts_as_closed()
    {
        var group = Start();
        group.Tell(new InvalidOperationException("no luck"));
        await _parent.ExpectMsgAsync<PluginFailed>();

        group.Tell(CloseOutput.Instance, TestActor);

        await ExpectMsgAsync<OutputClosed>();
    }

    private IActorRef Start(Props? plugin = null) => _parent.ChildActorOf(PluginGroup.Props(
        [new PluginSpec("one", plugin ?? Props.Create<Fragile>())], new BackoffOptions { Jitter = 0 }));

    private static async Task<PluginStatus> Status(IActorRef group) =>
        (await group.Ask<Plugins>(GetPlugins.Instance, Eventually.Patience)).All.Single();

    private sealed class Fragile : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Exception failure: throw failure;
                case string text: Context.Parent.Tell("up: " + text); break;
            }
        }
    }

    private sealed class Unmakeable : IIndirectActorProducer
    {
        public Type ActorType => typeof(Fragile);

        public ActorBase Produce() => throw new InvalidOperationException("cannot be made");

        public void Release(ActorBase actor)
        {
        }
    }
}
