namespace EbpfActors.Probes.Inspections;

/// <summary>What all looks together may cost: when that is used up each file gets less, so that a flood of files cannot keep a core busy. Not thread-safe.</summary>
internal sealed class Allowance(InspectionLimits limits, TimeProvider time)
{
    private const double RefilledTime = 0.1;

    private double _bytes = limits.SharedBytes;
    private double _seconds = limits.SharedTime.TotalSeconds;
    private long _filledAt = time.GetTimestamp();

    /// <summary>For the next file.</summary>
    public ReadBudget Next(CancellationToken stop)
    {
        Fill();
        var isScarce = _bytes < limits.Bytes || _seconds < limits.Time.TotalSeconds;
        return isScarce
            ? new ReadBudget(Math.Min(limits.ScarceBytes, limits.Bytes), limits.ScarceTime < limits.Time ? limits.ScarceTime : limits.Time, stop)
            : new ReadBudget(limits.Bytes, limits.Time, stop);
    }

    public void Spend(ReadBudget budget)
    {
        _bytes = Math.Max(0, _bytes - budget.Spent);
        _seconds = Math.Max(0, _seconds - budget.Elapsed.TotalSeconds);
    }

    private void Fill()
    {
        var now = time.GetTimestamp();
        var passed = time.GetElapsedTime(_filledAt, now).TotalSeconds;
        _filledAt = now;
        _bytes = Math.Min(limits.SharedBytes, _bytes + passed * limits.SharedBytesPerSecond);
        _seconds = Math.Min(limits.SharedTime.TotalSeconds, _seconds + passed * RefilledTime);
    }
}
