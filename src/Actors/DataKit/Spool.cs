using EbpfActors.Actors.Ledger;

namespace EbpfActors.Actors.DataKit;

/// <summary>
/// A durable queue of batches on disk: what was appended survives the death of the process and comes back in order; beyond
/// its limit the oldest points are dropped. What it has to give up stands in the ledger. One call at a time.
/// </summary>
public sealed class Spool : IDisposable
{
    /// <summary>The least limit that makes sense: a few of the files that the log consists of.</summary>
    public const long MinimumBytes = 2L * SpoolLog.SegmentBytes;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly SpoolIndex _index = new();
    private readonly SpoolLog _log;
    private readonly LedgerStage _ledger;
    private readonly Action<string> _warn;
    private readonly long _limit;
    private long _corrupt;
    private volatile bool _disposed;

    /// <summary>
    /// Opens or makes the spool and reads what waits in it. Throws when the directory cannot be used. The warnings are whole sentences; they
    /// may come from any thread.
    /// </summary>
    public Spool(string directory, long limitBytes, LedgerStage ledger, Action<string>? warn = null)
    {
        (_ledger, _limit, _warn) = (ledger, limitBytes, warn ?? (_ => { }));
        _log = new SpoolLog(directory);
        try
        {
            Recover();
        }
        catch
        {
            _log.Dispose();
            throw;
        }
    }

    public int Entries => _index.Entries;

    public long Points => _index.Points;

    /// <summary>Points that an earlier run had written and that cannot be read any more; not in the ledger yet.</summary>
    public long LostBefore { get; private set; }

    public SpoolStatus Status => new(_index.Entries, _index.Points, _disposed ? 0 : _index.Bytes, Interlocked.Read(ref _corrupt));

    /// <summary>Whether a spool was left behind in this directory.</summary>
    public static bool ExistsIn(string directory) => SpoolFolder.HasSpool(directory);

    /// <summary>Completes when the batch is on disk. Pinned: it is on the way to DataKit at the same time.</summary>
    public Task AppendAsync(PointBatch batch, bool pinned = false) => ExclusivelyAsync(() =>
    {
        Check();
        var body = SpoolEntry.Encode(batch);
        MakeRoom(SpoolFrame.HeaderBytes + body.Length);
        var (mark, place) = _log.Append(body, batch.Points, _index.First?.Mark);
        _index.Add(new SpoolSlot(mark, place, batch.Endpoint, batch.Points, batch.Bytes));
        _index.Pinned += pinned ? 1 : 0;
        return true;
    });

    /// <summary>
    /// The oldest waiting points of one endpoint, joined up to the limits of a batch, pinned until <see cref="SettleAsync"/>;
    /// null when nothing waits. A damaged entry is skipped and counted.
    /// </summary>
    public Task<PointBatch?> PeekAsync(int maxPoints, long maxBytes) => ExclusivelyAsync(() =>
    {
        Check();
        List<PointBatch> batches = [];
        var (points, bytes, lost) = (0, 0L, 0);
        foreach (var slot in _index.Slots.ToArray())
        {
            if (batches.Count > 0
                && (slot.Endpoint != batches[0].Endpoint || points + slot.Waiting > maxPoints || bytes + slot.LineBytes > maxBytes))
            {
                break;
            }

            if (Read(slot) is { } batch)
            {
                batches.Add(batch);
                (points, bytes) = (points + slot.Waiting, bytes + slot.LineBytes);
            }
            else
            {
                Lose(slot, "spool-corrupt");
                Interlocked.Increment(ref _corrupt);
                lost += slot.Waiting;
            }
        }

        if (lost > 0)
        {
            _warn($"Entries of the spool cannot be read any more, {lost} points are lost");
        }

        _index.Pinned = batches.Count;
        if (batches.Count == 0)
        {
            Truncate();
        }

        return batches.Count switch { 0 => null, 1 => batches[0], _ => PointBatch.Join(batches) };
    });

    /// <summary>The first points are delivered (or refused for good). Completes when the entries that hold nothing else are gone from disk.</summary>
    public Task SettleAsync(int points) => ExclusivelyAsync(() =>
    {
        var first = _index.First;
        _index.Settle(points);
        Check();
        if (_index.First is null || _index.First != first)
        {
            Truncate();
        }

        return true;
    });

    /// <summary>Notices files that are gone, whether or not there is anything to write. Not while something else goes on.</summary>
    public void CheckFiles()
    {
        try
        {
            if (_index.Entries > 0)
            {
                Check();
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _warn($"The spool's files could not be checked: {failure.Message}");
        }
    }

    public void Dispose()
    {
        var isQuiet = _gate.Wait(TimeSpan.FromSeconds(5));
        if (!_disposed)
        {
            if (isQuiet)
            {
                CheckFiles();
            }

            _disposed = true;
            _log.Dispose();
        }

        if (isQuiet)
        {
            _gate.Release();
        }
    }

    private void Recover()
    {
        var recovery = _log.Recover();
        foreach (var slot in recovery.Slots)
        {
            _index.Add(slot);
        }

        (LostBefore, _corrupt) = (recovery.Lost, recovery.Places);
        if (recovery.Lost > 0)
        {
            var least = recovery.IsLossUnknown ? "at least " : "";
            _warn($"The spool was damaged in {recovery.Places} places since it was written, {least}{recovery.Lost} points are lost");
        }
    }

    /// <summary>Notices what was done to the files by others, and counts what went with them.</summary>
    private void Check()
    {
        if (!_log.IsDisturbed())
        {
            return;
        }

        var lost = 0L;
        foreach (var slot in _index.Free.Where(slot => !_log.IsThere(slot.Place)).ToArray())
        {
            lost += slot.Waiting;
            Lose(slot, "spool-removed");
        }

        Truncate();
        _warn($"Files of the spool were removed or shortened by somebody, {lost} points are lost");
    }

    private void MakeRoom(int entryBytes)
    {
        var dropped = false;
        while (_index.Bytes + entryBytes > _limit && _index.DropOldest() is { } oldest)
        {
            _ledger.Lost("spool-full", oldest.Waiting);
            dropped = true;
        }

        if (dropped)
        {
            Truncate();
        }
    }

    private void Truncate() => _log.Truncate(_index.First?.Mark, _index.Segments);

    private PointBatch? Read(SpoolSlot slot)
    {
        try
        {
            return _log.Read(slot.Mark, slot.Place) is { } body ? SpoolEntry.Decode(body).Skip(slot.Settled) : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private void Lose(SpoolSlot slot, string reason)
    {
        _index.Remove(slot);
        _ledger.Lost(reason, slot.Waiting);
    }

    private async Task<T> ExclusivelyAsync<T>(Func<T> work)
    {
        await _gate.WaitAsync();
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);

            // Off the caller's thread: compressing and writing are synchronous.
            return await Task.Run(work);
        }
        finally
        {
            _gate.Release();
        }
    }
}
