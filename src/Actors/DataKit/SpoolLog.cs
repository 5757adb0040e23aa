using System.Buffers;
using FASTER.core;

namespace EbpfActors.Actors.DataKit;

/// <summary>
/// A FasterLog in a directory of its own, held by one process at a time. Its files are written with O_SYNC, so what is
/// committed is on disk. Has no thread of its own.
/// </summary>
internal sealed class SpoolLog : IDisposable
{
    /// <summary>An entry must fit into a page: the largest is a line of 1 MiB that does not compress.</summary>
    public const int PageBytes = 2 << 20;

    private const int MemoryBytes = 2 * PageBytes;
    private const int SegmentBytes = 16 << 20;
    private const string LogFile = "spool.log";

    private readonly FileStream _lock;
    private readonly string _directory;
    private readonly SpoolCommits _commits;
    private readonly IDevice _device;
    private readonly FasterLog _log;

    public SpoolLog(string directory)
    {
        (_directory, _commits) = (directory, new SpoolCommits(directory));
        Create(directory);
        _lock = new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            var hadEntries = _commits.HasBytes || LogFiles().Any(f => f.Length > 0);
            (_device, _log) = Open();

            // FasterLog starts anew, without a word, when it finds no commit that it can read: the entries are out of reach.
            LostAll = hadEntries && _log.TailAddress == _log.BeginAddress && _log.TailAddress < PageBytes && _log.CommittedUntilAddress <= FirstAddress;
            if (LostAll)
            {
                Close();
                Delete();
                (_device, _log) = Open();
            }
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    /// <summary>Whether there were entries that cannot be found any more.</summary>
    public bool LostAll { get; }

    public long Bytes => _log.TailAddress - _log.BeginAddress;

    public long BeginAddress => _log.BeginAddress;

    private const long FirstAddress = 64;

    public static bool ExistsIn(string directory) =>
        Directory.Exists(directory) && Directory.EnumerateFiles(directory, LogFile + ".*").Any();

    /// <summary>Returns the address of the entry once it is on disk.</summary>
    public async Task<long> AppendAsync(byte[] entry)
    {
        var address = await _log.EnqueueAsync(entry);
        await CommitAsync();
        return address;
    }

    /// <summary>The entry at an address, or null when it is not as long as it was.</summary>
    public async Task<byte[]?> ReadAsync(long address, int length)
    {
        // A damaged length would be believed, and that much memory taken: ask for it first.
        if (await _log.ReadRecordLengthAsync(address) != length)
        {
            return null;
        }

        var (entry, read) = await _log.ReadAsync(address, length);
        return read == length ? entry : null;
    }

    /// <summary>Forgets everything before the address (null: everything), and returns when that is on disk.</summary>
    public async Task TruncateAsync(long? address)
    {
        _log.TruncateUntil(address ?? _log.TailAddress);
        await CommitAsync();
    }

    /// <summary>
    /// Visits every committed entry in order; a damaged length hides the rest of its page, which <paramref name="damaged"/> is told.
    /// </summary>
    public void Scan(Action<long, ReadOnlyMemory<byte>> visit, Action damaged)
    {
        var from = _log.BeginAddress;
        while (from < _log.CommittedUntilAddress)
        {
            using var scan = _log.Scan(from, _log.CommittedUntilAddress, recover: false);
            try
            {
                while (scan.GetNext(MemoryPool<byte>.Shared, out var owner, out var length, out var address, out _))
                {
                    using (owner)
                    {
                        visit(address, owner.Memory[..length]);
                    }
                }

                return;
            }
            catch (Exception failure) when (failure is FasterException or ArgumentException or OverflowException)
            {
                damaged();
                from = (Math.Max(from, scan.NextAddress) / PageBytes * PageBytes) + PageBytes;
            }
        }
    }

    public void Dispose()
    {
        Close();
        _lock.Dispose();
    }

    private (IDevice Device, FasterLog Log) Open()
    {
        var device = new ManagedLocalStorageDevice(Path.Combine(_directory, LogFile), recoverDevice: true, osReadBuffering: true);
        try
        {
            return (device, new FasterLog(new FasterLogSettings
            {
                LogDevice = device,
                LogCommitManager = _commits,
                PageSize = PageBytes,
                MemorySize = MemoryBytes,
                SegmentSize = SegmentBytes,
                LogChecksum = LogChecksumType.None,
            }));
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    private async Task CommitAsync()
    {
        await _log.CommitAsync();
        _commits.ThrowIfFailed();
    }

    private void Close()
    {
        _log.Dispose();
        _device.Dispose();
    }

    private void Delete()
    {
        foreach (var file in LogFiles())
        {
            file.Delete();
        }

        _commits.RemoveAllCommits();
    }

    private FileInfo[] LogFiles() => new DirectoryInfo(_directory).GetFiles(LogFile + ".*");

    private static void Create(string directory)
    {
        // Points tell who talks to whom: nobody else reads them.
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
