namespace EbpfActors.Probes.Tls;

/// <summary>A file by what the kernel shows of it in /proc/PID/maps and in MMAP2 records.</summary>
/// <param name="Device">major in the upper 32 bits, minor in the lower.</param>
public readonly record struct FileIdentity(ulong Device, ulong Inode)
{
    public static FileIdentity Of(uint major, uint minor, ulong inode) => new((ulong)major << 32 | minor, inode);

    public override string ToString() => $"{Device >> 32:x2}:{(uint)Device:x2} {Inode}";
}
