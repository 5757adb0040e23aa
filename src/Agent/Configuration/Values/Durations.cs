using System.Buffers;
using System.Globalization;
using EbpfActors.Agent.Configuration.Settings;

namespace EbpfActors.Agent.Configuration.Values;

/// <summary>Durations as DataKit writes them: <c>60s</c>, <c>1m30s</c>, <c>500ms</c>, <c>1.5h</c>.</summary>
internal static class Durations
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    // Longer names first: "ms" must not be read as "m" followed by rubbish.
    private static readonly (string Name, double Seconds)[] Units =
        [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600)];

    public static ValueParser<TimeSpan> Between(TimeSpan least, TimeSpan most) => Parsed.Last(text =>
        !TryParse(text, out var duration)
            ? Parsed.Error<TimeSpan>($"\"{text}\" is not a duration; use for example 60s, 5m")
            : duration < least || duration > most
                ? Parsed.Error<TimeSpan>($"\"{text}\" is out of range; use {Write(least)} to {Write(most)}")
                : Parsed.Ok(duration));

    public static bool TryParse(string text, out TimeSpan duration)
    {
        var rest = text.AsSpan();
        double seconds = 0;
        duration = default;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0
                || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[digits..];
            if (TakeUnit(ref rest) is not { } unit)
            {
                return false;
            }

            seconds += number * unit;
        }

        // A year is far beyond every limit, and TimeSpan would overflow much later.
        duration = TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.SecondsPerDay * 366));
        return text.Length > 0;
    }

    /// <summary>The shortest way to write it: 90 s are <c>1m30s</c>.</summary>
    public static string Write(TimeSpan duration)
    {
        var hours = (int)duration.TotalHours;
        var text = string.Concat(
            hours > 0 ? $"{hours}h" : "",
            duration.Minutes > 0 ? $"{duration.Minutes}m" : "",
            duration.Seconds > 0 ? $"{duration.Seconds}s" : "",
            duration.Milliseconds > 0 ? $"{duration.Milliseconds}ms" : "");
        return text.Length > 0 ? text : "0s";
    }

    private static double? TakeUnit(ref ReadOnlySpan<char> rest)
    {
        foreach (var (name, seconds) in Units)
        {
            if (rest.StartsWith(name, StringComparison.Ordinal))
            {
                rest = rest[name.Length..];
                return seconds;
            }
        }

        return null;
    }
}
