using EbpfActors.Actors.Ledger;
using FASTER.core;

namespace EbpfActors.Actors.DataKit;

/// <summary>
/// A durable queue of batches on disk: what was appended survives the death of the process and comes back in order; beyond
/// its limit the oldest points are dropped. What it has to give up stands in the ledger. One call at a time.
/// </summary>
public sealed class Spool : IDisposable
{
    /// <summary>The least limit that makes sense: a few of the pages that the log is written in.</summary>
    public const long MinimumBytes = 4L * SpoolLog.PageBytes;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly SpoolIndex _index = new();
    private readonly SpoolLog _log;
    private readonly LedgerStage _ledger;
    private readonly long _limit;
    private long _corrupt;
    private volatile bool _disposed;

    /// <summary>Opens or makes the spool and reads what waits in it. Throws when the directory cannot be used.</summary>
    public Spool(string directory, long limitBytes, LedgerStage ledger)
    {
        (_ledger, _limit) = (ledger, limitBytes);
        _log = new SpoolLog(directory);
        if (_log.LostAll)
        {
            LoseUnknown();
        }

        _log.Scan(Recover, damaged: LoseUnknown);
    }

    public int Entries => _index.Entries;

    public long Points => _index.Points;

    public SpoolStatus Status => new(_index.Entries, _index.Points, _disposed ? 0 : _log.Bytes, Interlocked.Read(ref _corrupt));

    /// <summary>Whether a spool was left behind in this directory.</summary>
    public static bool ExistsIn(string directory) => SpoolLog.ExistsIn(directory);

    /// <summary>Completes when the batch is on disk. Pinned: it is on the way to DataKit at the same time.</summary>
    public Task AppendAsync(PointBatch batch, bool pinned = false) => ExclusivelyAsync(async () =>
    {
        var entry = SpoolEntry.Encode(batch);
        await MakeRoomAsync(entry.Length);
        var address = await _log.AppendAsync(entry);
        _index.Add(new SpoolSlot(address, entry.Length, batch.Endpoint, batch.Points, batch.Bytes));
        _index.Pinned += pinned ? 1 : 0;
        return true;
    });

    /// <summary>
    /// The oldest waiting points of one endpoint, joined up to the limits of a batch, pinned until <see cref="SettleAsync"/>;
    /// null when nothing waits. A damaged entry is skipped and counted.
    /// </summary>
    public Task<PointBatch?> PeekAsync(int maxPoints, long maxBytes) => ExclusivelyAsync(async () =>
    {
        List<PointBatch> batches = [];
        var (points, bytes) = (0, 0L);
        foreach (var slot in _index.Slots.ToArray())
        {
            if (batches.Count > 0
                && (slot.Endpoint != batches[0].Endpoint || points + slot.Waiting > maxPoints || bytes + slot.LineBytes > maxBytes))
            {
                break;
            }

            if (await ReadAsync(slot) is { } batch)
            {
                batches.Add(batch);
                (points, bytes) = (points + slot.Waiting, bytes + slot.LineBytes);
            }
            else
            {
                _index.Remove(slot);
                Lose("spool-corrupt", slot.Waiting);
                Interlocked.Increment(ref _corrupt);
            }
        }

        _index.Pinned = batches.Count;
        if (batches.Count == 0 && _log.Bytes > 0)
        {
            await _log.TruncateAsync(address: null);
        }

        return batches.Count switch { 0 => null, 1 => batches[0], _ => PointBatch.Join(batches) };
    });

    /// <summary>The first points are delivered (or refused for good). Completes when the entries that hold nothing else are gone from disk.</summary>
    public Task SettleAsync(int points) => ExclusivelyAsync(async () =>
    {
        var first = _index.First;
        _index.Settle(points);
        if (_index.First is null || _index.First != first)
        {
            await _log.TruncateAsync(_index.First?.Address);
        }

        return true;
    });

    public void Dispose()
    {
        var isQuiet = _gate.Wait(TimeSpan.FromSeconds(5));
        if (!_disposed)
        {
            _disposed = true;
            _log.Dispose();
        }

        if (isQuiet)
        {
            _gate.Release();
        }
    }

    private void Recover(long address, ReadOnlyMemory<byte> entry)
    {
        if (SpoolEntry.TryReadHead(entry.Span, out var endpoint, out var points, out var bytes))
        {
            _index.Add(new SpoolSlot(address, entry.Length, endpoint, points, bytes));
        }
        else
        {
            LoseUnknown();
        }
    }

    private async Task MakeRoomAsync(int entryBytes)
    {
        var dropped = false;
        while (_log.Bytes - Reclaimable() + entryBytes > _limit && _index.DropOldest() is { } oldest)
        {
            Lose("spool-full", oldest.Waiting);
            dropped = true;
        }

        if (dropped)
        {
            await _log.TruncateAsync(_index.First?.Address);
        }
    }

    /// <summary>Bytes before the oldest entry that still waits.</summary>
    private long Reclaimable() => _index.First is { } first ? first.Address - _log.BeginAddress : _log.Bytes;

    private async Task<PointBatch?> ReadAsync(SpoolSlot slot)
    {
        try
        {
            return await _log.ReadAsync(slot.Address, slot.StoredBytes) is { } entry ? SpoolEntry.Decode(entry)?.Skip(slot.Settled) : null;
        }
        catch (Exception failure) when (failure is FasterException or InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Points of an entry that cannot even be counted: one stands for them, in and lost.</summary>
    private void LoseUnknown()
    {
        Interlocked.Increment(ref _corrupt);
        _ledger.In(1);
        Lose("spool-corrupt", 1);
    }

    private void Lose(string reason, long points) => _ledger.Lost(reason, points);

    private async Task<T> ExclusivelyAsync<T>(Func<Task<T>> work)
    {
        await _gate.WaitAsync();
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);

            // Off the caller's thread: compressing and the first write are synchronous.
            return await Task.Run(work);
        }
        finally
        {
            _gate.Release();
        }
    }
}
