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
            (await _parent.ExpectMsgAsync<PluginEnded>()).ShouldBe(new PluginEnded("one", PluginEnd.Failure, "no luck", Sys.Scheduler.Now + TimeSpan.FromSeconds(rest)));
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
        await _parent.ExpectMsgAsync<PluginEnded>();
        Sys.Advance(TimeSpan.FromSeconds(1));
        await Status(group);

        Sys.Advance(TimeSpan.FromMinutes(2));
        group.Tell(new InvalidOperationException("much later"));
        await _parent.ExpectMsgAsync<PluginEnded>();
        Sys.Advance(TimeSpan.FromSeconds(1));

        (await Status(group)).State.ShouldBe(PluginState.Running);
    }

    [Theory]
    [InlineData(Errno.Perm)]
    [InlineData(Errno.NoEntry)]
    [InlineData(Errno.TooBig)]
    [InlineData(Errno.Access)]
    [InlineData(Errno.Invalid)]
    [InlineData(Errno.NoSys)]
    [InlineData(Errno.NotSupported)]
    [InlineData(Errno.NotSupportedInside)]
    public async Task What_the_kernel_refuses_is_tried_again_each_minute_at_first_and_up_to_every_ten_minutes(int errno)
    {
        var group = Start();

        foreach (var minutes in new[] { 1, 2, 4, 8, 10, 10 })
        {
            group.Tell(new BpfException("attach", errno));
            var ended = await _parent.ExpectMsgAsync<PluginEnded>();
            (ended.Kind, ended.RetryAt).ShouldBe((PluginEnd.Refusal, Sys.Scheduler.Now + TimeSpan.FromMinutes(minutes)));
            var status = await Status(group);
            (status.State, status.RetryAt).ShouldBe((PluginState.Failed, ended.RetryAt));
            status.Problem.ShouldContain($"errno {errno}");

            Sys.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(1));
            (await Status(group)).State.ShouldBe(PluginState.Failed);
            Sys.Advance(TimeSpan.FromSeconds(1));
            status = await Status(group);
            (status.State, status.RetryAt).ShouldBe((PluginState.Running, null));
        }
    }

    [Fact]
    public async Task What_may_pass_by_itself_is_no_refusal()
    {
        var group = Start();

        group.Tell(new BpfException("attach", Errno.Again));

        (await _parent.ExpectMsgAsync<PluginEnded>()).Kind.ShouldBe(PluginEnd.Failure);
    }

    [Fact]
    public async Task A_plugin_that_wants_to_start_anew_does_so_after_the_first_rest_whatever_was_before()
    {
        var group = Start();
        group.Tell(new InvalidOperationException("no luck"));
        await _parent.ExpectMsgAsync<PluginEnded>();
        Sys.Advance(TimeSpan.FromSeconds(1));
        (await Status(group)).State.ShouldBe(PluginState.Running);

        group.Tell(new StartAnewException("cgroup2 has come"));

        (await _parent.ExpectMsgAsync<PluginEnded>())
            .ShouldBe(new PluginEnded("one", PluginEnd.StartsAnew, "cgroup2 has come", Sys.Scheduler.Now + TimeSpan.FromSeconds(1)));
        Sys.Advance(TimeSpan.FromSeconds(1));
        (await Status(group)).State.ShouldBe(PluginState.Running);
    }

    [Fact]
    public async Task A_refusal_is_no_error_with_a_stack_trace_and_any_other_failure_is()
    {
        var group = Start();

        await EventFilter.Error().ExpectAsync(0, TimeSpan.FromMilliseconds(50), async () =>
        {
            group.Tell(new BpfException("attach", Errno.Perm));
            await _parent.ExpectMsgAsync<PluginEnded>();
        });
        Sys.Advance(TimeSpan.FromMinutes(1));
        (await Status(group)).State.ShouldBe(PluginState.Running);
        await EventFilter.Exception<InvalidOperationException>().ExpectOneAsync(async () =>
        {
            group.Tell(new InvalidOperationException("no luck"));
            await _parent.ExpectMsgAsync<PluginEnded>();
        });
    }

    [Fact]
    public async Task A_plugin_that_fails_while_it_is_made_is_a_failed_plugin()
    {
        var group = Start(Props.CreateBy(new Unmakeable()));

        var ended = await _parent.ExpectMsgAsync<PluginEnded>();
        (ended.Name, ended.Kind, ended.Problem).ShouldBe(("one", PluginEnd.Failure, "cannot be made"));
        Sys.Advance(TimeSpan.FromSeconds(1));
        await _parent.ExpectMsgAsync<PluginEnded>();
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
        await _parent.ExpectMsgAsync<PluginEnded>();

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
