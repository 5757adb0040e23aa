using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Points;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

public sealed class OutgoingPointsTests
{
    private static readonly PointEndpoint Bash = new("/v1/write/logging", "ebpf-bash");

    [Fact]
    public void Chunks_of_one_endpoint_become_full_batches_in_order()
    {
        var queue = new OutgoingPoints(maxBatchPoints: 5, maxBatchBytes: 1 << 20);
        queue.Enqueue(Samples.Batch(0, 3));
        queue.Enqueue(Samples.Batch(3, 4));

        queue.HasFullBatch.ShouldBeTrue();
        queue.Dequeue().Numbers().ShouldBe([0, 1, 2, 3, 4]);
        queue.HasFullBatch.ShouldBeFalse();
        queue.Dequeue().Numbers().ShouldBe([5, 6]);
        (queue.Points, queue.Bytes).ShouldBe((0, 0));
    }

    [Fact]
    public void A_batch_holds_points_of_one_endpoint_only()
    {
        var queue = new OutgoingPoints(maxBatchPoints: 50, maxBatchBytes: 1 << 20);
        queue.Enqueue(Samples.Batch(0, 3));
        queue.Enqueue(Samples.Batch(3, 2, Bash));
        queue.HasFullBatch.ShouldBeTrue();
        queue.Enqueue(Samples.Batch(5, 1));

        queue.Dequeue().Numbers().ShouldBe([0, 1, 2]);
        queue.Dequeue().ShouldSatisfyAllConditions(b => b.Endpoint.ShouldBe(Bash), b => b.Numbers().ShouldBe([3, 4]));
        queue.Dequeue().Numbers().ShouldBe([5]);
    }

    [Fact]
    public void A_batch_keeps_to_its_bytes_and_a_line_that_is_longer_goes_alone()
    {
        var one = Samples.Line(0).Length + 1;
        var queue = new OutgoingPoints(maxBatchPoints: 50, maxBatchBytes: (2 * one) + 1);
        queue.Enqueue(Samples.Batch(0, 5));
        queue.Enqueue(Samples.Incompressible(5, 10_000));
        queue.Enqueue(Samples.Batch(6, 1));

        List<int[]> batches = [];
        while (queue.Points > 0)
        {
            batches.Add([.. queue.Dequeue().Numbers()]);
        }

        batches.ShouldBe([[0, 1], [2, 3], [4], [5], [6]]);
    }

    [Fact]
    public void What_is_put_back_is_the_oldest_again()
    {
        var queue = new OutgoingPoints(maxBatchPoints: 2, maxBatchBytes: 1 << 20);
        queue.Enqueue(Samples.Batch(0, 4));

        queue.PutBack(queue.Dequeue());

        queue.Dequeue().Numbers().ShouldBe([0, 1]);
        queue.Points.ShouldBe(2);
    }

    [Fact]
    public void Shrinking_drops_the_oldest_by_points_and_by_bytes()
    {
        var queue = new OutgoingPoints(maxBatchPoints: 100, maxBatchBytes: 1 << 20);
        queue.Enqueue(Samples.Batch(0, 8));
        queue.Enqueue(Samples.Batch(8, 2));

        queue.Shrink(maxPoints: 7, maxBytes: long.MaxValue).ShouldBe(3);
        queue.Shrink(maxPoints: 7, maxBytes: queue.Bytes - 1).ShouldBe(1);

        queue.Dequeue().Numbers().ShouldBe(Enumerable.Range(4, 6));
    }
}
