namespace EbpfActors.Probes.Processes;

/// <summary>A file by what the kernel shows of it in /proc/PID/maps and in MMAP2 records.</summary>
/// <param name="Device">major in the upper 32 bits, minor in the lower.</param>
/// <param name="Inode">Its number on that device.</param>
public readonly record struct FileIdentity(ulong Device, ulong Inode)
{
    public static FileIdentity Of(uint major, uint minor, ulong inode) => new((ulong)major << 32 | minor, inode);

    /// <summary>For the <paramref name="number"/>th further content behind the same identity. Majors have 12 bits, so this is nobody else's.</summary>
    internal FileIdentity Copy(int number) => this with { Device = Device | (ulong)number << 48 };

    public override string ToString() => $"{Device >> 32:x2}:{(uint)Device:x2} {Inode}";
}
