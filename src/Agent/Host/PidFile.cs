using System.Globalization;
using System.Text;

namespace EbpfActors.Agent.Host;

/// <summary>
/// Keeps a second instance away. The file holds the pid in decimal, and is locked (flock) for as long as this object
/// lives: the lock decides between two that start at once, the pid in it also stops those that know no lock.
/// </summary>
public sealed class PidFile : IDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly FileStream _file;
    private readonly int _pid;

    private PidFile(FileStream file, int pid) => (_file, _pid) = (file, pid);

    /// <summary>Takes the file for this process. A file whose process is gone, or is not a collector, is taken over.</summary>
    /// <exception cref="InstanceRunningException">Another instance has it.</exception>
    public static PidFile Take(string path) => Take(path, Environment.ProcessId, ProcessName.IsCollector);

    internal static PidFile Take(string path, int pid, Func<int, bool> isCollector)
    {
        if (Path.GetDirectoryName(path) is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
        }

        var deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (true)
        {
            try
            {
                if (TryTake(path, pid, isCollector) is { } taken)
                {
                    return taken;
                }
            }
            catch (IOException) when (Environment.TickCount64 < deadline && File.Exists(path))
            {
                // Somebody else is between taking the lock and showing his pid.
                Thread.Sleep(Pause);
            }
        }
    }

    public void Dispose()
    {
        // Deleted or overwritten by somebody else: then it is not ours to remove.
        if (_file.CanRead && !FileLock.HasLostItsName(_file) && ReadPid(_file) == _pid)
        {
            File.Delete(_file.Name);
        }

        _file.Dispose();
    }

    /// <summary>Null when the file was deleted under the lock by its previous owner; then it has to be made anew.</summary>
    private static PidFile? TryTake(string path, int pid, Func<int, bool> isCollector)
    {
        var file = Lock(path);
        try
        {
            // In a container every run has the same small pid, so one's own number is a leftover.
            if (ReadPid(file) is { } other && other != pid && isCollector(other))
            {
                throw new InstanceRunningException(path, other);
            }

            if (!FileLock.HasLostItsName(file))
            {
                Write(file, pid);
                FileLock.Share(file);
                return new PidFile(file, pid);
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

    /// <summary>Sharing nothing is an exclusive flock; the owner keeps a shared one, so that its pid stays readable.</summary>
    private static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException) when (File.Exists(path))
        {
            using var reader = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            throw ReadPid(reader) is { } owner
                ? new InstanceRunningException(path, owner)
                : new IOException($"{path} is locked by another process");
        }
    }

    private static void Write(FileStream file, int pid)
    {
        file.SetLength(0);
        file.Position = 0;
        file.Write(Encoding.ASCII.GetBytes(pid.ToString(CultureInfo.InvariantCulture)));
        file.Flush(flushToDisk: true);
        File.SetUnixFileMode(file.SafeFileHandle, Mode);
    }

    private static int? ReadPid(FileStream file)
    {
        Span<byte> bytes = stackalloc byte[32];
        file.Position = 0;
        var text = Encoding.ASCII.GetString(bytes[..file.Read(bytes)]).Trim();
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;
    }
}
