using EbpfActors.Probes.Hooks;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Hooks;

public sealed class LadderTests
{
    private static readonly Hook Hook = new("h", "to test", "nothing is tested", [new("best", "best hook"), new("good", "good hook", "less"), new("last", "last hook", "little")]);

    [Fact]
    public void The_first_rung_is_tried_first_and_costs_nothing()
    {
        var ladder = new Ladder(Hook, WithoutHooks.None);

        ladder.Rung.ShouldBe(Hook["best"]);
        ladder.Status().ShouldBe(new HookStatus("h", "best hook", ""));
    }

    [Fact]
    public void A_refusal_leads_to_the_next_rung_and_the_status_says_what_was_refused_and_what_that_costs()
    {
        var ladder = new Ladder(Hook, WithoutHooks.None);

        ladder.Refuse("not permitted");

        var status = ladder.Status("on 3 places");
        (status.Rung, status.Problem).ShouldBe(("good hook, on 3 places", "less"));
        status.Refused.ShouldBe([new HookRefusal("best", "not permitted")]);
    }

    [Fact]
    public void Without_a_rung_the_status_says_what_is_lost()
    {
        var ladder = new Ladder(Hook, new WithoutHooks(["h:good"]));
        ladder.Refuse("a");
        ladder.Refuse("b");

        ladder.Rung.ShouldBeNull();
        var status = ladder.Status();
        (status.Rung, status.Problem).ShouldBe(("", "nothing is tested"));
        status.Refused.ShouldBe([new("good", WithoutHooks.Reason), new("best", "a"), new("last", "b")], ignoreOrder: true);
        ladder.Refuse("c");
        ladder.Status().Refused.Count.ShouldBe(3);
    }

    [Fact]
    public void A_rung_below_the_one_in_use_that_cannot_serve_is_not_reported()
    {
        var ladder = new Ladder(Hook, new WithoutHooks(["h:last"]));

        ladder.Status().Refused.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("h", true, true)]
    [InlineData("h:best", true, false)]
    [InlineData("h:other", false, false)]
    [InlineData("H", false, false)]
    [InlineData("h:", false, false)]
    [InlineData("", false, false)]
    public void A_name_refuses_a_hook_or_one_of_its_rungs(string name, bool best, bool good)
    {
        var without = new WithoutHooks([name]);

        without.Refuse(Hook, Hook["best"]).ShouldBe(best);
        without.Refuse(Hook, Hook["good"]).ShouldBe(good);
    }

    [Fact]
    public void Names_of_the_catalogue_are_unique_and_every_hook_says_what_it_is_for_and_what_is_lost_without_it()
    {
        HookCatalogue.All.Select(h => h.Name).ShouldBeUnique();
        foreach (var hook in HookCatalogue.All)
        {
            hook.Rungs.Select(r => r.Name).ShouldBeUnique(hook.Name);
            hook.Rungs.ShouldNotBeEmpty(hook.Name);
            (hook.Purpose.Length > 0 && hook.Without.Length > 0).ShouldBeTrue(hook.Name);
            WithoutHooks.IsKnown(hook.Name).ShouldBeTrue();
            hook.Rungs.ShouldAllBe(r => WithoutHooks.IsKnown(WithoutHooks.Qualified(hook, r)));
        }

        WithoutHooks.IsKnown("tcp-state:").ShouldBeFalse();
    }
}
