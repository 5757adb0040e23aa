using System.Runtime.InteropServices;
using System.Text;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>Opens the file behind a mapping.</summary>
internal interface IMappedFileSource
{
    /// <summary>
    /// Null with a problem when the file cannot be opened; null without one when the process is gone, which it is from the moment on in which
    /// it exits, or has unmapped it: then there is nothing to know about it.
    /// </summary>
    IMappedFile? Open(in Mapping mapping, out string? problem);

    /// <summary>The kernel's name for the process; "" when it is gone.</summary>
    string ProcessName(int pid);
}

/// <summary>
/// Opens by the mapping itself, /proc/PID/map_files: that finds deleted files and those of other mount namespaces. A process that has
/// exited meanwhile leaves the path, which is believed where it leads to the very same inode.
/// </summary>
internal sealed class MappedFileSource(string procRoot) : IMappedFileSource
{
    private readonly ProcessMaps _maps = new(procRoot);

    public IMappedFile? Open(in Mapping mapping, out string? problem)
    {
        problem = null;
        if (mapping.Path.StartsWith("/dev/"u8))
        {
            // Opening a device may do things.
            return null;
        }

        var file = OpenedFile.TryOpen(MapFile(mapping.Pid, mapping.Start, mapping.End), out var errno);
        if (file is null && errno == Errno.NoEntry && Find(mapping.Pid, mapping.File) is var (start, end))
        {
            file = OpenedFile.TryOpen(MapFile(mapping.Pid, start, end), out errno);
        }

        if (file is not null)
        {
            return file;
        }

        if (OpenedFile.TryOpen(Encoding.UTF8.GetString(mapping.Path), out _) is { } byPath)
        {
            if (byPath.StatIdentity == mapping.File)
            {
                return byPath;
            }

            byPath.Dispose();
        }

        problem = IsGone(errno) ? null : Marshal.GetPInvokeErrorMessage(errno);
        return null;
    }

    public string ProcessName(int pid)
    {
        try
        {
            return File.ReadAllText($"{procRoot}/{pid}/comm").TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    // A process that has given up its memory and still has its folder: exiting, or a zombie.
    private static bool IsGone(int errno) => errno is Errno.NoEntry or Errno.SearchFailed;

    private string MapFile(int pid, ulong start, ulong end) => $"{procRoot}/{pid}/map_files/{start:x}-{end:x}";

    // The kernel maps a program's first segment together with the room for the others, and cuts that off afterwards.
    private (ulong Start, ulong End)? Find(int pid, FileIdentity file)
    {
        (ulong, ulong)? found = null;
        _maps.Read(pid, (in Mapping mapping) =>
        {
            found = mapping.File == file ? (mapping.Start, mapping.End) : null;
            return found is null;
        });
        return found;
    }
}
