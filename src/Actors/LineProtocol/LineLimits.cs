namespace EbpfActors.Actors.LineProtocol;

/// <summary>What DataKit would cut or lose in silence; cut here instead, where it is counted.</summary>
public static class LineLimits
{
    public const int KeyBytes = 256;

    public const int MeasurementBytes = 256;

    public const int TagValueBytes = 1024;

    public const int Tags = 256;

    /// <summary>Measurement and tags together. DataKit refuses more than 65,535 with a 400.</summary>
    public const int SeriesBytes = 65_000;

    public const int StringFieldBytes = 512 * 1024;

    /// <summary>DataKit drops a point of 1 MiB without an error; its own encoding adds to what stands here.</summary>
    public const int LineBytes = 1_000_000;

    /// <summary>Room that string fields leave for the numbers behind them and for the timestamp.</summary>
    internal const int Reserve = 8 * 1024;
}
