namespace EbpfActors.Probes.Processes;

/// <summary>A file mapped executable by a process. The path lives as long as the record it was read from.</summary>
/// <param name="pid">The process, not the thread.</param>
/// <param name="start">The first address.</param>
/// <param name="end">The first address behind it.</param>
/// <param name="file">What is mapped.</param>
/// <param name="generation">The inode's generation, where the source tells it; otherwise 0.</param>
/// <param name="path">As the process sees it, from its root.</param>
internal readonly ref struct Mapping(
    int pid, ulong start, ulong end, FileIdentity file, ulong generation, ReadOnlySpan<byte> path)
{
    internal int Pid { get; } = pid;

    internal ulong Start { get; } = start;

    internal ulong End { get; } = end;

    /// <summary>Where in the file it begins, in bytes.</summary>
    internal ulong Offset { get; init; }

    internal FileIdentity File { get; } = file;

    internal ulong Generation { get; } = generation;

    internal ReadOnlySpan<byte> Path { get; } = path;
}
