using EbpfActors.Probes.Inspections;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Inspections;

public sealed class InspectionThreadTests : IDisposable
{
    private static readonly InspectionLimits Impatient =
        new(1 << 20, TimeSpan.FromMinutes(1)) { HangsAfter = TimeSpan.FromMilliseconds(1), MaxAbandoned = 2, MaxWaiting = 4 };

    private readonly ManualResetEventSlim _answer = new();
    private readonly InspectionThread _thread = new("test", Impatient, static () => { });
    private readonly List<string> _told = [];

    [Fact]
    public void A_file_system_that_does_not_answer_holds_up_nothing_but_its_own_thread()
    {
        var hangs = Post("hangs", _ => _answer.Wait());
        var good = Post("good", _ => { });

        Until(() => _told.Count == 2);

        _told.ShouldBe(["hangs Hung", "good Done"]);
        hangs.IsDisposed.ShouldBeFalse();
        good.IsDisposed.ShouldBeTrue();
        _thread.Abandoned.ShouldBe(1);
        _answer.Set();
        Until(() => _thread.Abandoned == 0 && hangs.IsDisposed);
        _told.Count.ShouldBe(2);
    }

    [Fact]
    public void As_many_threads_are_left_as_may_be_and_work_goes_on_when_one_comes_back()
    {
        Post("first", _ => _answer.Wait());
        Post("second", _ => _answer.Wait());
        Until(() => _thread.Abandoned == 2);

        _thread.Post(new Told(_told, "third", _ => { })).ShouldBeFalse();

        _answer.Set();
        Until(() => _thread.Abandoned == 0);
        Post("fourth", _ => { });
        Until(() => _told.Count == 3);
        _told.ShouldBe(["first Hung", "second Hung", "fourth Done"]);
    }

    [Fact]
    public void What_costs_too_much_is_told_and_the_next_is_looked_into()
    {
        var thread = new InspectionThread("test", new(1 << 20, TimeSpan.FromMinutes(1)), static () => { });
        using var _ = thread;
        thread.Post(new Told(_told, "large", budget => ReadForEver(budget))).ShouldBeTrue();
        thread.Post(new Told(_told, "wrong", _ => throw new InvalidDataException("a test"))).ShouldBeTrue();
        thread.Post(new Told(_told, "good", _ => { })).ShouldBeTrue();

        Eventually.Holds(() =>
        {
            thread.TakeEnded();
            return _told.Count == 3;
        });
        _told.ShouldBe(["large OverBudget", "wrong OverBudget", "good Done"]);
    }

    [Fact]
    public void Stopping_ends_a_look_at_its_next_read()
    {
        var thread = new InspectionThread("test", new(long.MaxValue, TimeSpan.MaxValue), static () => { });
        var look = new Told(_told, "large", ReadForEver);
        thread.Post(look).ShouldBeTrue();

        thread.Dispose();

        Eventually.Holds(() => look.IsDisposed);
        thread.Post(new Told(_told, "late", _ => { })).ShouldBeFalse();
        _told.ShouldBeEmpty();
    }

    [Fact]
    public void No_more_wait_than_may()
    {
        var thread = new InspectionThread("test", Impatient with { HangsAfter = TimeSpan.FromHours(1) }, static () => { });
        using var _ = thread;
        using var begun = new ManualResetEventSlim();
        thread.Post(new Told(_told, "under way", _ =>
        {
            begun.Set();
            _answer.Wait();
        })).ShouldBeTrue();
        begun.Wait(TestContext.Current.CancellationToken);

        Enumerable.Range(0, 6).Count(i => thread.Post(new Told(_told, $"{i}", _ => { }))).ShouldBe(4);
        thread.HasRoom.ShouldBeFalse();
        _answer.Set();
    }

    public void Dispose()
    {
        _answer.Set();
        _thread.Dispose();
    }

    private static void ReadForEver(ReadBudget budget)
    {
        while (true)
        {
            budget.Charge(1 << 16);
        }
    }

    private Told Post(string name, Action<ReadBudget> action)
    {
        var look = new Told(_told, name, action);
        _thread.Post(look).ShouldBeTrue();
        return look;
    }

    private void Until(Func<bool> condition) => Eventually.Holds(() =>
    {
        _thread.TakeEnded();
        return condition();
    });

    private sealed class Told(List<string> told, string name, Action<ReadBudget> look) : Inspection
    {
        public bool IsDisposed { get; private set; }

        public override void Look(ReadBudget budget) => look(budget);

        public override void Done(InspectionEnd end) => told.Add($"{name} {end}");

        public override void Dispose() => IsDisposed = true;
    }
}
