namespace EbpfActors.Actors.DataKit;

/// <summary>How the agent reaches DataKit and how much it keeps while DataKit is away.</summary>
public sealed record DataKitOptions
{
    /// <summary>For example <c>http://127.0.0.1:9529</c>; the write paths are appended to it.</summary>
    public Uri BaseAddress { get; init; } = new("http://127.0.0.1:9529");

    /// <summary>Where points wait on disk. Null: they wait in memory only.</summary>
    public string? SpoolDirectory { get; init; }

    /// <summary>The oldest points are dropped (and counted) beyond this. The files may be larger by what is delivered already of two of them, 4 MiB each.</summary>
    public long SpoolBytes { get; init; } = 256L << 20;

    /// <summary>Lines of one request before compression. A longer line goes alone.</summary>
    public int MaxBatchBytes { get; init; } = 512 << 10;

    public int MaxBatchPoints { get; init; } = 2_000;

    /// <summary>How long a batch that is not full may wait for more: DataKit takes few large requests better than many small ones.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Hard bound of the queue in memory. From a quarter of it on, points go to the spool.</summary>
    public int MaxMemoryPoints { get; init; } = 200_000;

    /// <summary>The same bound in bytes.</summary>
    public long MaxMemoryBytes { get; init; } = 128L << 20;

    public TimeSpan BackoffMin { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the end of the agent may wait for DataKit before the rest is spooled; writing it takes time as well.</summary>
    public TimeSpan CloseGrace { get; init; } = TimeSpan.FromMilliseconds(700);

    /// <summary>The same where there is no spool, before the rest is lost. Shorter than the agent waits for its outputs.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromMilliseconds(1_200);

    /// <summary>Yields every problem, so that one restart fixes them all.</summary>
    public IEnumerable<string> Problems()
    {
        if (!BaseAddress.IsAbsoluteUri || BaseAddress.Scheme is not ("http" or "https"))
        {
            yield return $"DataKit's address is {BaseAddress}; it must be an http or https URL";
        }

        if (SpoolDirectory is not null && !Path.IsPathFullyQualified(SpoolDirectory))
        {
            yield return $"the spool directory is {SpoolDirectory}; it must be an absolute path";
        }

        if (SpoolBytes < Spool.MinimumBytes)
        {
            yield return $"the spool's limit is {SpoolBytes} bytes; it must be {Spool.MinimumBytes} or more";
        }

        if (MaxBatchBytes is < 1024 or > (1 << 20))
        {
            yield return $"a batch may be {MaxBatchBytes} bytes; it must be from 1024 to {1 << 20}";
        }

        if (MaxBatchPoints < 1 || MaxMemoryPoints < MaxBatchPoints || MaxMemoryBytes < MaxBatchBytes)
        {
            yield return "a batch must hold at least one point, and the queue in memory at least one batch";
        }

        if (RequestTimeout <= TimeSpan.Zero || CloseGrace < TimeSpan.Zero || CloseTimeout < TimeSpan.Zero || Linger < TimeSpan.Zero)
        {
            yield return "the request timeout must be positive, and linger, close grace and close timeout not negative";
        }

        if (BackoffMin <= TimeSpan.Zero || BackoffMax < BackoffMin)
        {
            yield return $"the back-off runs from {BackoffMin} to {BackoffMax}; both must be positive, and the second not less";
        }
    }
}
