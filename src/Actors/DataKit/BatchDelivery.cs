namespace EbpfActors.Actors.DataKit;

/// <summary>
/// What became of a batch. Lines are settled from the front: <see cref="Settled"/> of them are either accepted or refused
/// for good, the rest has to be tried again.
/// </summary>
public sealed record DeliveryResult(int Settled, int Rejected, PostAnswer Last, string? RejectReason = null)
{
    public int Accepted => Settled - Rejected;
}

/// <summary>Posts a batch and, when DataKit refuses it, halves it down to the lines at fault, so that no line costs its neighbours.</summary>
internal sealed class BatchDelivery(DataKitClient client)
{
    public async Task<DeliveryResult> DeliverAsync(PointBatch batch, CancellationToken cancellation)
    {
        var answer = await client.PostAsync(batch.Endpoint, BatchBody.Compress(batch), cancellation);
        switch (answer.Outcome)
        {
            case PostOutcome.Accepted:
                return new DeliveryResult(batch.Points, 0, answer);
            case PostOutcome.Rejected when batch.Points == 1:
                return new DeliveryResult(1, 1, answer, answer.Reason);
            case PostOutcome.Rejected:
                var half = batch.Points / 2;
                var first = await DeliverAsync(batch.Slice(0, half), cancellation);
                if (first.Settled < half)
                {
                    return first;
                }

                var second = await DeliverAsync(batch.Skip(half), cancellation);
                return new DeliveryResult(
                    half + second.Settled, first.Rejected + second.Rejected, second.Last, first.RejectReason ?? second.RejectReason);
            default:
                return new DeliveryResult(0, 0, answer);
        }
    }
}
