using System.Buffers.Binary;
using System.Globalization;
using FASTER.core;

namespace EbpfActors.Actors.DataKit;

/// <summary>
/// The commit files of a spool's log: the newest good one and a spare, which the next commit overwrites and renames. So a
/// commit that fails leaves the one before it, and one on a full disk needs no space. FASTER's own manager ignores that a
/// commit file could not be written, and then removes the good one.
/// </summary>
internal sealed class SpoolCommits(string directory) : ILogCommitManager
{
    private const string Prefix = "commit.";
    private const string Suffix = ".0";
    private const int SectorBytes = 512;

    private readonly DirectoryInfo _directory = new(Path.Combine(directory, "log-commits"));
    private string? _newest;
    private string? _spare;
    private volatile Exception? _failure;

    /// <summary>Whether there are files that something was committed to.</summary>
    public bool HasBytes => Files().Any(f => f.Length > 0);

    /// <summary>FASTER would wait for ever for a commit that throws: the failure is kept for <see cref="ThrowIfFailed"/>.</summary>
    public void Commit(long beginAddress, long untilAddress, byte[] commitMetadata, long commitNum, bool forceWriteMetadata)
    {
        try
        {
            _directory.Create();
            var target = PathOf(commitNum);
            Write(_spare ?? target, commitMetadata);
            if (_spare is not null)
            {
                File.Move(_spare, target, overwrite: true);
            }

            (_newest, _spare) = (target, _newest ?? NewSpare());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _failure = failure;
        }
    }

    /// <summary>After each commit: throws when one could not be written.</summary>
    public void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw new IOException($"a commit could not be written: {failure.Message}", failure);
        }
    }

    /// <summary>Null when the file holds no commit; whether what it holds is whole, FASTER finds out.</summary>
    public byte[]? GetCommitMetadata(long commitNum)
    {
        var content = File.ReadAllBytes(PathOf(commitNum));
        var length = content.Length < sizeof(int) ? 0 : BinaryPrimitives.ReadInt32LittleEndian(content);
        return length > 0 && length <= content.Length - sizeof(int) ? content[sizeof(int)..(sizeof(int) + length)] : null;
    }

    public IEnumerable<long> ListCommits() => [.. Files().Select(NumberOf).Where(n => n > 0).OrderDescending()];

    public void RemoveCommit(long commitNum) => File.Delete(PathOf(commitNum));

    public void RemoveAllCommits()
    {
        foreach (var file in Files())
        {
            file.Delete();
        }

        (_newest, _spare) = (null, null);
    }

    /// <summary>Keeps the commit that was recovered from and one more file to overwrite; those that hold nothing go.</summary>
    public void OnRecovery(long commitNum)
    {
        _newest = PathOf(commitNum);
        foreach (var file in Files().Where(f => f.FullName != _newest).OrderBy(NumberOf))
        {
            if (_spare is null && file.Length >= SectorBytes)
            {
                _spare = file.FullName;
            }
            else
            {
                file.Delete();
            }
        }
    }

    public void Dispose()
    {
    }

    private static long NumberOf(FileInfo file) =>
        long.TryParse(file.Name.AsSpan()[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static void Write(string path, byte[] metadata)
    {
        var content = new byte[Math.Max(SectorBytes, sizeof(int) + metadata.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(content, metadata.Length);
        metadata.CopyTo(content, sizeof(int));
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0, FileOptions.WriteThrough);
        file.Write(content);
    }

    /// <summary>Null when there is no room for one: the next commit tries to make a file of its own.</summary>
    private string? NewSpare()
    {
        try
        {
            Write(PathOf(0), []);
            return PathOf(0);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private FileInfo[] Files() => _directory.Exists ? _directory.GetFiles(Prefix + "*" + Suffix) : [];

    private string PathOf(long number) =>
        Path.Combine(_directory.FullName, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number}{Suffix}"));
}
