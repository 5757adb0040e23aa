using EbpfActors.Probes.Native;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>Which program a process runs, as the kernel side or /proc tells it.</summary>
/// <param name="File">The program's file.</param>
/// <param name="Place">Where the process looks its user up.</param>
/// <param name="Tgid">In the initial pid namespace.</param>
/// <param name="IsByStat">
/// The file is what stat(2) says of it. That is not the kernel's key of it: stat has no generation, and overlay and btrfs show devices and
/// inodes of their own.
/// </param>
internal readonly record struct RunningProgram(BashFile File, BashPlace Place, uint Tgid, bool IsByStat)
{
    private const int MinorBits = 20;

    public static RunningProgram Of(in BashProcess process) => new(process.File, process.Place, process.Tgid, IsByStat: false);

    /// <summary>The program that a process runs now; null when it is gone, or a kernel thread.</summary>
    public static RunningProgram? Read(string procRoot, uint pid)
    {
        var folder = $"{procRoot}/{pid}";
        return LibC.StatX($"{folder}/exe", out var program) == 0 ? new(FileOf(program), PlaceOf(folder), pid, IsByStat: true) : null;
    }

    /// <summary>An inode number is used again: the time of birth, or else of the last change, stands where the kernel has the generation.</summary>
    private static BashFile FileOf(in LibC.FileStatistics file)
    {
        var isBorn = (file.Known & LibC.TimeOfBirth) != 0;
        return new BashFile
        {
            Ino = file.Inode,
            Size = file.Size,
            Dev = Device(file),
            Generation = (uint)(isBorn ? file.BirthSeconds : file.ChangeSeconds) ^ (isBorn ? file.BirthNanoseconds : file.ChangeNanoseconds),
        };
    }

    private static BashPlace PlaceOf(string folder) => new()
    {
        RootIno = LibC.StatX($"{folder}/root", out var root) == 0 ? root.Inode : 0,
        RootDev = Device(root),
        Mounts = NamespaceNumber($"{folder}/ns/mnt"),
        Users = NamespaceNumber($"{folder}/ns/user"),
    };

    private static uint Device(in LibC.FileStatistics file) => file.DeviceMajor << MinorBits | file.DeviceMinor;

    /// <summary>The link reads <c>mnt:[4026531841]</c>.</summary>
    private static uint NamespaceNumber(string path) =>
        ProcessFiles.ReadLink(path) is { } link && uint.TryParse(link.AsSpan(link.IndexOf('[') + 1).TrimEnd(']'), out var number) ? number : 0;
}
