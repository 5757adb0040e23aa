using Akka.Actor;
using EbpfActors.Actors.Flows;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Flows;

public sealed class LeanMailboxTests
{
    private readonly LeanMailbox.Messages _queue = new();

    [Fact]
    public void Messages_come_out_in_the_order_in_which_they_went_in()
    {
        Enqueue(1, 2);
        Dequeue().ShouldBe(1);
        Enqueue(3);
        (_queue.Count, _queue.HasMessages).ShouldBe((2, true));

        (Dequeue(), Dequeue(), Dequeue()).ShouldBe((2, 3, null));
        (_queue.Count, _queue.HasMessages).ShouldBe((0, false));
        Enqueue(4);
        Dequeue().ShouldBe(4);
    }

    [Fact]
    public async Task Of_several_that_send_at_once_none_loses_a_message_or_its_order()
    {
        const int Each = 20_000;
        var senders = Task.WhenAll(Enumerable.Range(0, 3).Select(s => Task.Run(() => Enqueue([.. Enumerable.Range(0, Each).Select(i => (s * Each) + i)]))));
        var seen = new List<int>();

        while (!senders.IsCompleted || _queue.HasMessages)
        {
            seen.AddRange(Dequeue() is { } message ? [message] : []);
        }

        await senders;
        for (var s = 0; s < 3; s++)
        {
            seen.Where(m => m / Each == s).ShouldBe(Enumerable.Range(s * Each, Each));
        }
    }

    [Fact]
    public void What_is_left_at_the_end_goes_to_the_dead_letters()
    {
        Enqueue(1, 2);
        var dead = new LeanMailbox.Messages();

        _queue.CleanUp(ActorRefs.Nobody, dead);

        (_queue.Count, dead.Count).ShouldBe((0, 2));
    }

    private void Enqueue(params int[] messages) => Array.ForEach(messages, m => _queue.Enqueue(ActorRefs.Nobody, new Envelope(m, ActorRefs.Nobody)));

    private int? Dequeue() => _queue.TryDequeue(out var envelope) ? (int)envelope.Message : null;
}
