namespace EbpfActors.Actors.DataKit;

/// <summary>
/// What became of a batch. Lines are settled from the front: <see cref="Settled"/> of them are either accepted or refused
/// for good, the rest has to be tried again, after <see cref="Pause"/> where there is one.
/// </summary>
public sealed record DeliveryResult(int Settled, int Rejected, PostAnswer Last, string? RejectReason = null, TimeSpan? Pause = null)
{
    public int Accepted => Settled - Rejected;
}

/// <summary>
/// Posts a batch and, when DataKit refuses it, looks for the lines at fault, so that no line costs its neighbours. A line is at fault
/// when it is refused and others are taken: a DataKit that refuses everything, or too slowly, is left alone for a while.
/// </summary>
internal sealed class BatchDelivery(DataKitClient client, RefusalSearch search, RequestPace pace, TimeProvider time)
{
    /// <summary>Single points that are given up on the word of one request that was taken.</summary>
    private const int MostSuspects = 3;

    /// <summary>Compressed. No server means a request of this size when it says 413, whatever else is wrong with it.</summary>
    private const int SmallBodyBytes = 16 << 10;

    private static readonly TimeSpan LongestSearch = TimeSpan.FromSeconds(5);

    private PostAnswer _last = PostAnswer.Accepted;
    private string? _reason;
    private int _settled;
    private int _rejected;

    /// <summary>Refused by themselves, at the front of what is not settled, while nothing proves that DataKit takes anything.</summary>
    private int _suspects;

    /// <summary>So many more points may be refused before that proves nothing any more.</summary>
    private int _trust;

    public async Task<DeliveryResult> DeliverAsync(PointBatch batch, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (_suspects < MostSuspects && batch.Points - _settled - _suspects is var remaining and > 0)
        {
            if (pace.Take() is { } pause)
            {
                return Result(pause);
            }

            var part = batch.Skip(_settled + _suspects).Slice(0, _suspects > 0 ? 1 : search.Next(remaining));
            var body = BatchBody.Compress(part);
            _last = await client.PostAsync(batch.Endpoint, body, cancellation);
            if (_last.Outcome == PostOutcome.Accepted)
            {
                Accept(part.Points, remaining);
            }
            else if (_last.Outcome == PostOutcome.Retry || IsNoFaultOfPoints(body))
            {
                return RetryResult("");
            }
            else if (part.Points > 1)
            {
                search.Refused(part.Points);
            }
            else
            {
                Suspect();
            }

            if (_last.Outcome != PostOutcome.Accepted && time.GetElapsedTime(began) > LongestSearch)
            {
                return RetryResult("the search for refused points takes too long: ");
            }
        }

        return _suspects == 0 ? Result() : Unproved();
    }

    private bool IsNoFaultOfPoints(byte[] body) => _last.Outcome == PostOutcome.TooLarge && body.Length <= SmallBodyBytes;

    private void Accept(int points, int remaining)
    {
        search.Accepted(points, remaining - points);
        _rejected += _suspects;
        _settled += _suspects + points;
        (_suspects, _trust) = (0, MostSuspects);
    }

    private void Suspect()
    {
        search.Found();
        _reason ??= _last.Reason;
        if (_trust > 0)
        {
            _trust--;
            _rejected++;
            _settled++;
        }
        else
        {
            _suspects++;
        }
    }

    private DeliveryResult Unproved()
    {
        if (_settled == 0 && search.GivesUp())
        {
            (_settled, _rejected) = (_suspects, _suspects);
        }

        return RetryResult("refuses points and takes no others: ");
    }

    private DeliveryResult RetryResult(string why)
    {
        _last = _last with { Outcome = PostOutcome.Retry, Reason = why + _last.Reason };
        return Result();
    }

    private DeliveryResult Result(TimeSpan? pause = null) => new(_settled, _rejected, _last, _rejected > 0 ? _reason : null, pause);
}
