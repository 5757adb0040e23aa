namespace EbpfActors.Probes.Inspections;

/// <summary>What looking into foreign files may cost, each and all together.</summary>
/// <param name="Bytes">That are read of one file at most.</param>
/// <param name="Time">That one file takes at most.</param>
internal sealed record InspectionLimits(long Bytes, TimeSpan Time)
{
    private const long MiB = 1 << 20;

    /// <summary>Of a library or program with TLS: the largest in common use have some 60 MB of names.</summary>
    public static readonly InspectionLimits Tls = new(256 * MiB, TimeSpan.FromSeconds(5));

    /// <summary>Of a program that may be bash, at first: a bash has 100 KB of names.</summary>
    public static readonly InspectionLimits Quick = new(2 * MiB, TimeSpan.FromSeconds(1)) { ScarceBytes = 2 * MiB, MaxWaiting = 4096 };

    /// <summary>Of one for which that was not enough.</summary>
    public static readonly InspectionLimits Bash = new(128 * MiB, TimeSpan.FromSeconds(2));

    /// <summary>The bytes of one file when all together have used up what they may.</summary>
    public long ScarceBytes { get; init; } = 8 * MiB;

    /// <summary>The time of one file then.</summary>
    public TimeSpan ScarceTime { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Bytes of all together that may be read at once.</summary>
    public long SharedBytes { get; init; } = 2048 * MiB;

    /// <summary>By which that is filled again each second.</summary>
    public long SharedBytesPerSecond { get; init; } = 32 * MiB;

    /// <summary>Time that all together may take at once; a tenth of the time that passes fills it again.</summary>
    public TimeSpan SharedTime { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>A look that takes longer has met a file system that does not answer: its thread is left to it.</summary>
    public TimeSpan HangsAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Threads that may be left to such file systems; then nothing is looked into until one comes back.</summary>
    public int MaxAbandoned { get; init; } = 16;

    /// <summary>Files that wait to be looked into.</summary>
    public int MaxWaiting { get; init; } = 1024;
}
