using System.Globalization;
using System.Text.RegularExpressions;

namespace EbpfActors.Actors.DataKit;

/// <summary>
/// The directory of a spool: only its owner may look into it, one process at a time has it, and what happens to its files from outside
/// is noticed. Files that are not the spool's own are left alone.
/// </summary>
internal sealed partial class SpoolFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private readonly string _path;
    private FileStream _lock;

    /// <summary>Makes the directory if it is not there. Throws <see cref="IOException"/> when it cannot be used.</summary>
    public SpoolFolder(string path)
    {
        _path = path;
        Close(path);
        _lock = TakeLock();
    }

    public string HeadPath => Path.Combine(_path, "spool.head");

    private string LockPath => Path.Combine(_path, "lock");

    /// <summary>Whether a spool was left behind there.</summary>
    public static bool HasSpool(string path) => Directory.Exists(path) && (Segments(path).Any() || File.Exists(Path.Combine(path, "spool.head")));

    /// <summary>What is written is on disk when the write returns; a file that is made is the owner's alone.</summary>
    public static FileStream OpenFile(string path, FileMode mode, FileAccess access, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share, BufferSize = 0, Options = FileOptions.WriteThrough };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open)
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    public string PathOf(long segment) => Path.Combine(_path, string.Create(CultureInfo.InvariantCulture, $"spool.{segment}.log"));

    /// <summary>The numbers of the segments that are there, oldest first.</summary>
    public IReadOnlyList<long> Segments() => [.. Segments(_path).Order()];

    /// <summary>Bytes of a segment's file; 0 when it is not there.</summary>
    public long LengthOf(long segment) => new FileInfo(PathOf(segment)) is { Exists: true } file ? file.Length : 0;

    /// <summary>Makes again what was removed of the directory and its lock; true when that was necessary.</summary>
    public bool Restore()
    {
        if (File.Exists(LockPath))
        {
            return false;
        }

        Close(_path);
        _lock.Dispose();
        _lock = TakeLock();
        return true;
    }

    public void Dispose() => _lock.Dispose();

    private static IEnumerable<long> Segments(string path) => new DirectoryInfo(path).EnumerateFiles("spool.*.log")
        .Select(f => SegmentName().Match(f.Name))
        .Where(m => m.Success)
        .Select(m => long.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture));

    /// <summary>Points tell who talks to whom: nobody else reads them, or puts files in their place.</summary>
    private static void Close(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        var directory = Directory.CreateDirectory(path, OwnerOnly);
        if ((directory.UnixFileMode & ~OwnerOnly) == 0)
        {
            return;
        }

        if (directory.EnumerateFileSystemInfos().All(IsOurs))
        {
            directory.UnixFileMode = OwnerOnly;
        }
        else if ((directory.UnixFileMode & WritableByOthers) != 0)
        {
            throw new IOException($"others may write to {path}, which holds more than a spool: it needs a directory of its own");
        }
    }

    private static bool IsOurs(FileSystemInfo entry) => entry.Name is "lock" or "spool.head" || SegmentName().IsMatch(entry.Name);

    private FileStream TakeLock() => OpenFile(LockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    [GeneratedRegex(@"^spool\.([0-9]{1,18})\.log$", RegexOptions.CultureInvariant)]
    private static partial Regex SegmentName();
}
