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
    private const int Attempts = 5;
    private readonly string _path;
    private readonly string _text;
    private readonly FileStream _file;

    private PidFile(string path, string text, FileStream file) => (_path, _text, _file) = (path, text, file);

    /// <summary>Takes the file for this process. A file whose process is gone, or is not a collector, is taken over.</summary>
    /// <exception cref="InstanceRunningException">Another instance has it.</exception>
    public static PidFile Take(string path) => Take(path, Environment.ProcessId, ProcessName.IsCollector);

    internal static PidFile Take(string path, int pid, Func<int, bool> isCollector)
    {
        if (Path.GetDirectoryName(path) is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
        }

        var text = pid.ToString(CultureInfo.InvariantCulture);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var file = Lock(path);
            try
            {
                // In a container every run has the same small pid, so one's own number is a leftover.
                if (ReadPid(file) is { } other && other != pid && isCollector(other))
                {
                    throw new InstanceRunningException(path, other);
                }

                Write(file, text);
                if (ReadUnlocked(path) == text)
                {
                    return new PidFile(path, text, file);
                }

                // The previous owner deleted the file between our open and our lock; what we hold has no name any more.
                file.Dispose();
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }

        throw new IOException($"{path} is deleted again and again while it is taken");
    }

    public void Dispose()
    {
        if (_file.CanRead && ReadUnlocked(_path) == _text)
        {
            File.Delete(_path);
        }

        _file.Dispose();
    }

    private static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path) && Parse(ReadUnlocked(path)) is { } owner)
        {
            throw new InstanceRunningException(path, owner);
        }
    }

    private static void Write(FileStream file, string text)
    {
        file.SetLength(0);
        file.Position = 0;
        file.Write(Encoding.ASCII.GetBytes(text));
        file.Flush(flushToDisk: true);
        File.SetUnixFileMode(file.SafeFileHandle, Mode);
    }

    private static int? ReadPid(FileStream file)
    {
        Span<byte> bytes = stackalloc byte[32];
        return Parse(Encoding.ASCII.GetString(bytes[..file.Read(bytes)]));
    }

    private static int? Parse(string text) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;

    private static string ReadUnlocked(string path)
    {
        try
        {
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            return reader.ReadToEnd().Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
