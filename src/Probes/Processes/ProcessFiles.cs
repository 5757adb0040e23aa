using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Processes;

/// <summary>
/// Files of other processes. Most processes have gone when somebody looks, so that is an answer and no exception; the first
/// exception alone takes longer than a shell to start.
/// </summary>
internal static class ProcessFiles
{
    private const int ForReading = 0x80800; // O_CLOEXEC | O_NONBLOCK
    private const int MostBytes = 4 << 20;

    /// <summary>Null when there is no such file any more. What is no regular file has length 0.</summary>
    public static SafeFileHandle? Open(string path) => Own(LibC.open(path, ForReading));

    /// <summary>Where a link of /proc leads; null when the process has gone.</summary>
    public static string? ReadLink(string path) => LibC.ReadLink(path);

    /// <summary>All lines of a file of /proc, whose length nobody knows before; none when the process has gone.</summary>
    public static IReadOnlyList<string> ReadLines(string path)
    {
        using var file = Open(path);
        if (file is null)
        {
            return [];
        }

        var text = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (int got; text.Length < MostBytes && (got = LibC.Read(file, buffer)) > 0;)
        {
            text.Write(buffer, 0, got);
        }

        return System.Text.Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static SafeFileHandle? Own(int fd) => fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : null;
}
