using System.Runtime.InteropServices;
using System.Text;
using EbpfActors.Probes.Processes;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>Opens the file behind a mapping.</summary>
internal interface IMappedFileSource
{
    /// <summary>Holds on to the file, without waiting for any file system; null when the mapping is not there any more.</summary>
    SafeFileHandle? Pin(in Mapping mapping);

    /// <summary>
    /// Null with a problem when the file cannot be opened; null without one when the process is gone, which it is from the moment on in which
    /// it exits, or has unmapped it: then there is nothing to know about it. Waits for the file's file system. From any thread.
    /// </summary>
    /// <param name="mapping">The mapping.</param>
    /// <param name="pinned">What <see cref="Pin"/> gave for it. Taken over.</param>
    /// <param name="problem">See above.</param>
    IMappedFile? Open(in Mapping mapping, SafeFileHandle? pinned, out string? problem);

    /// <summary>The kernel's name for the process; "" when it is gone.</summary>
    string ProcessName(int pid);
}

/// <summary>
/// Opens by the mapping itself, /proc/PID/map_files: that finds deleted files and those of other mount namespaces. A process that has
/// exited meanwhile leaves the path, which is believed where it leads to the very same inode.
/// </summary>
internal sealed class MappedFileSource(string procRoot) : IMappedFileSource
{
    public SafeFileHandle? Pin(in Mapping mapping) => OpenedFile.Pin(MapFile(mapping.Pid, mapping.Start, mapping.End), out _);

    public IMappedFile? Open(in Mapping mapping, SafeFileHandle? pinned, out string? problem)
    {
        var maps = new ProcessMaps(procRoot);
        var errno = pinned is null ? Errno.NoEntry : 0;
        var file = OpenedFile.TryOpen(pinned, ref errno);
        if (file is null && errno == Errno.NoEntry && Find(maps, mapping.Pid, mapping.File) is var (start, end))
        {
            file = OpenedFile.TryOpen(MapFile(mapping.Pid, start, end), out errno);
        }

        if (file is not null && IsOf(maps, mapping, file))
        {
            problem = null;
            return file;
        }

        // Nothing is opened before it is known to be the same file: the path is the process's, and may lead to anything by now.
        file?.Dispose();
        var path = OpenedFile.Pin(Encoding.UTF8.GetString(mapping.Path), out _);
        if (path is not null && OpenedFile.IdentityOf(path) == mapping.File && OpenedFile.TryOpen(path, ref errno) is { } byPath)
        {
            problem = null;
            return byPath;
        }

        path?.Dispose();
        problem = file is not null || IsGone(errno) ? null : Marshal.GetPInvokeErrorMessage(errno);
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

    /// <summary>
    /// A process may put another file where the mapping was, to be taken for that. Where stat has numbers of its own (btrfs, overlay) the
    /// mapping must still be there.
    /// </summary>
    private static bool IsOf(ProcessMaps maps, in Mapping mapping, OpenedFile file) =>
        file.StatIdentity == mapping.File || Find(maps, mapping.Pid, mapping.File, mapping.Start) is not null;

    private string MapFile(int pid, ulong start, ulong end) => $"{procRoot}/{pid}/map_files/{start:x}-{end:x}";

    // The kernel maps a program's first segment together with the room for the others, and cuts that off afterwards.
    private static (ulong Start, ulong End)? Find(ProcessMaps maps, int pid, FileIdentity file, ulong start = 0)
    {
        (ulong, ulong)? found = null;
        maps.Read(pid, (in Mapping mapping) =>
        {
            found = mapping.File == file && (start == 0 || mapping.Start == start) ? (mapping.Start, mapping.End) : null;
            return found is null;
        });
        return found;
    }
}
