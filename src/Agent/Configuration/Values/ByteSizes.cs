using System.Globalization;
using EbpfActors.Agent.Configuration.Settings;

namespace EbpfActors.Agent.Configuration.Values;

/// <summary>Sizes: K, KB, M, MB, G and GB are powers of 1000; KiB, MiB and GiB powers of 1024; letter case does not matter.</summary>
internal static class ByteSizes
{
    private static readonly (string Name, long Bytes)[] Units =
    [
        ("kib", 1L << 10), ("mib", 1L << 20), ("gib", 1L << 30),
        ("kb", 1_000), ("mb", 1_000_000), ("gb", 1_000_000_000),
        ("k", 1_000), ("m", 1_000_000), ("g", 1_000_000_000),
    ];

    public static ValueParser<long> AtLeast(long least) => Parsed.Last(text =>
        !TryParse(text, out var bytes)
            ? Parsed.Error<long>($"\"{text}\" is not a size; use for example 256MiB, 2GB")
            : bytes < least
                ? Parsed.Error<long>($"\"{text}\" is too small; use {Write(least)} or more")
                : Parsed.Ok(bytes));

    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var lower = text.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();
        foreach (var (name, factor) in Units)
        {
            if (lower.EndsWith(name, StringComparison.Ordinal)
                && decimal.TryParse(lower[..^name.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number <= long.MaxValue / factor)
            {
                bytes = (long)(number * factor);
                return true;
            }
        }

        return false;
    }

    public static string Write(long bytes) => bytes switch
    {
        >= 1L << 30 when bytes % (1L << 30) == 0 => $"{bytes >> 30}GiB",
        >= 1L << 20 when bytes % (1L << 20) == 0 => $"{bytes >> 20}MiB",
        >= 1L << 10 when bytes % (1L << 10) == 0 => $"{bytes >> 10}KiB",
        _ => $"{bytes}B",
    };
}
