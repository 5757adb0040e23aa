using EbpfActors.Actors.Cardinality;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Cardinality;

public sealed class CardinalityGovernorTests
{
    [Fact]
    public void A_key_holds_so_many_distinct_paths_and_not_one_more()
    {
        var paths = new CardinalityGovernor(2, new CardinalityBudget(100));

        paths.TryHold("/a").ShouldBeTrue();
        paths.TryHold("/b").ShouldBeTrue();
        paths.TryHold("/c").ShouldBeFalse();
        paths.TryHold("/a").ShouldBeTrue();
        paths.Count.ShouldBe(2);
    }

    [Fact]
    public void A_path_is_free_again_when_its_last_user_has_gone()
    {
        var budget = new CardinalityBudget(1);
        var paths = new CardinalityGovernor(5, budget);
        paths.TryHold("/a");
        paths.TryHold("/a");

        paths.Release("/a");
        paths.TryHold("/b").ShouldBeFalse();
        paths.Release("/a");

        paths.TryHold("/b").ShouldBeTrue();
        budget.Taken.ShouldBe(1);
    }

    [Fact]
    public void All_keys_together_hold_no_more_than_the_total_whoever_is_first()
    {
        const int Total = 1000;
        var budget = new CardinalityBudget(Total);
        var governors = Enumerable.Range(0, 8).Select(_ => new CardinalityGovernor(int.MaxValue, budget)).ToArray();

        Parallel.ForEach(governors, paths =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                paths.TryHold($"/{i % 1700}");
                if (i % 3 == 0)
                {
                    paths.Release($"/{(i * 7) % 1700}");
                }

                budget.Taken.ShouldBeLessThanOrEqualTo(Total);
            }
        });

        budget.Taken.ShouldBeInRange(governors.Max(g => g.Count), Total);
        foreach (var paths in governors)
        {
            paths.ReleaseAll();
        }

        budget.Taken.ShouldBe(0);
    }

    [Fact]
    public void A_path_of_many_keys_counts_once()
    {
        var budget = new CardinalityBudget(2);
        var keys = Enumerable.Range(0, 24_000).Select(_ => new CardinalityGovernor(1000, budget)).ToArray();

        keys.ShouldAllBe(paths => paths.TryHold("/"));

        budget.Taken.ShouldBe(1);
        keys[0].TryHold("/a").ShouldBeFalse("there are 24,000 holdings: the memory of a second one is bounded");
        foreach (var paths in keys[1..])
        {
            paths.ReleaseAll();
        }

        budget.Taken.ShouldBe(1);
        keys[0].TryHold("/a").ShouldBeTrue();
        keys[0].TryHold("/b").ShouldBeFalse();
    }

    [Fact]
    public void Whatever_is_held_and_released_it_agrees_with_a_plain_count()
    {
        var step = Gen.Zip(Gen.Choose(0, 9), ArbMap.Default.GeneratorFor<bool>());
        Prop.ForAll(step.ListOf().ToArbitrary(), steps =>
        {
            var budget = new CardinalityBudget(6);
            var paths = new CardinalityGovernor(4, budget);
            var model = new Dictionary<string, int>();
            foreach (var (number, hold) in steps)
            {
                var path = $"/{number}";
                var users = model.GetValueOrDefault(path);
                if (hold)
                {
                    var isHeld = users > 0 || model.Count < 4;
                    paths.TryHold(path).ShouldBe(isHeld);
                    users += isHeld ? 1 : 0;
                }
                else
                {
                    paths.Release(path);
                    users = Math.Max(0, users - 1);
                }

                model[path] = users;
                if (users == 0)
                {
                    model.Remove(path);
                }

                (paths.Count, budget.Taken).ShouldBe((model.Count, model.Count));
            }
        }).QuickCheckThrowOnFailure();
    }
}
