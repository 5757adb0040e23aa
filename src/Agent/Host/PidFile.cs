using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Agent.Host;

/// <summary>
/// Keeps a second instance away. The file holds the pid in decimal, and is locked (flock) for as long as this object
/// lives: the lock decides between two that start at once, the pid in it also stops those that know no lock. A file that holds
/// anything else was not meant, and is left as it is.
/// </summary>
public sealed class PidFile : IDisposable
{
    private const int Mode = 0b110_100_100;
    private const int MostBytes = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly int _pid;

    private PidFile(string path, SafeFileHandle file, int pid) => (_path, _file, _pid) = (path, file, pid);

    /// <summary>Takes the file for this process. A file whose process is gone, or is not a collector, is taken over.</summary>
    /// <exception cref="InstanceRunningException">Another instance has it.</exception>
    /// <exception cref="IOException">It is no pid file, or cannot be written.</exception>
    public static PidFile Take(string path) => Take(path, Environment.ProcessId, ProcessName.IsCollector);

    internal static PidFile Take(string path, int pid, Func<int, bool> isCollector)
    {
        path = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? path);
        for (var start = Environment.TickCount64; Environment.TickCount64 - start < Patience.TotalMilliseconds; Thread.Sleep(Pause))
        {
            if (TryTake(path, pid, isCollector) is { } taken)
            {
                return taken;
            }
        }

        throw new IOException($"pid file {path} is locked by another process");
    }

    public void Dispose()
    {
        // Deleted or overwritten by somebody else: then it is not ours to remove.
        if (!_file.IsClosed && FileStatus.OfPath(_path) == FileStatus.Of(_file) && Read(_file) == $"{_pid}")
        {
            File.Delete(_path);
        }

        _file.Dispose();
    }

    /// <summary>Null when the file went with its previous owner, or its owner has yet to show its pid.</summary>
    private static PidFile? TryTake(string path, int pid, Func<int, bool> isCollector)
    {
        var file = Open(path);
        try
        {
            var isLocked = LibC.flock(file, LibC.LockExclusive | LibC.LockNoWait) == 0;
            if (!isLocked && LibC.Errno != LibC.Again)
            {
                throw new IOException($"pid file {path} cannot be locked: {LibC.Reason}");
            }

            var other = ReadPid(path, file);
            // In a container every run has the same small pid, so one's own number is a leftover.
            if (other is { } owner && (!isLocked || (owner != pid && isCollector(owner))))
            {
                throw new InstanceRunningException(path, owner);
            }

            if (isLocked && FileStatus.OfPath(path) == FileStatus.Of(file))
            {
                Write(file, pid);
                // Others may read it from now on; nobody else can have it for himself.
                _ = LibC.flock(file, LibC.LockShared);
                return new PidFile(path, file, pid);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        file.Dispose();
        return null;
    }

    /// <summary>A file that is there keeps its mode.</summary>
    private static SafeFileHandle Open(string path)
    {
        var made = true;
        var descriptor = LibC.open(path, LibC.ReadWrite | LibC.NoLinkNoWait | LibC.Create | LibC.Exclusive, Mode);
        if (descriptor < 0 && LibC.Errno == LibC.Exists)
        {
            made = false;
            descriptor = LibC.open(path, LibC.ReadWrite | LibC.NoLinkNoWait | LibC.Create, Mode);
        }

        if (descriptor < 0)
        {
            throw new IOException(
                LibC.Errno == LibC.Loop ? $"pid file {path} is a symbolic link; name the file itself" : $"pid file {path}: {LibC.Reason}");
        }

        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        if (FileStatus.Of(file).Kind != FileKind.Regular)
        {
            file.Dispose();
            throw new IOException($"pid file {path} is not a regular file; name another one with --pidfile");
        }

        if (made)
        {
            File.SetUnixFileMode(file, (UnixFileMode)Mode); // whatever the umask is
        }

        return file;
    }

    private static void Write(SafeFileHandle file, int pid)
    {
        RandomAccess.SetLength(file, 0);
        RandomAccess.Write(file, Encoding.ASCII.GetBytes(pid.ToString(CultureInfo.InvariantCulture)), 0);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Null when it is empty.</summary>
    /// <exception cref="IOException">It holds something else than a pid.</exception>
    private static int? ReadPid(string path, SafeFileHandle file)
    {
        var text = Read(file);
        var digits = text.TrimEnd('\n', '\r', ' ');
        return text.Length <= MostBytes && digits.Length == 0 ? null
            : text.Length <= MostBytes && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid
            : throw new IOException($"{path} holds something else than a pid and is left as it is; name another file with --pidfile");
    }

    private static string Read(SafeFileHandle file)
    {
        Span<byte> bytes = stackalloc byte[MostBytes + 1];
        return Encoding.ASCII.GetString(bytes[..RandomAccess.Read(file, bytes, 0)]);
    }
}
