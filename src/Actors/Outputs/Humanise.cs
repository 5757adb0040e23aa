using System.Globalization;

namespace EbpfActors.Actors.Outputs;

/// <summary>Numbers as people read them in a table.</summary>
public static class Humanise
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB"];

    /// <summary>For example <c>1.5 MB/s</c>; nothing for zero, so that busy rows stand out.</summary>
    public static string Rate(ulong bytes, TimeSpan over)
    {
        if (bytes == 0)
        {
            return "";
        }

        var value = bytes / Math.Max(over.TotalSeconds, 0.001);
        var unit = 0;
        while (value >= 999.5 && unit < Units.Length - 1)
        {
            value /= 1000;
            unit++;
        }

        var format = value >= 99.95 || unit == 0 ? "0" : "0.0";
        return value.ToString(format, CultureInfo.InvariantCulture) + " " + Units[unit] + "/s";
    }

    /// <summary>For example <c>1.8 ms</c>; nothing for zero, which means unknown.</summary>
    public static string Micros(ulong micros) => micros switch
    {
        0 => "",
        < 1_000 => micros.ToString(CultureInfo.InvariantCulture) + " µs",
        < 1_000_000 => (micros / 1e3).ToString("0.0", CultureInfo.InvariantCulture) + " ms",
        _ => (micros / 1e6).ToString("0.0", CultureInfo.InvariantCulture) + " s",
    };

    /// <summary>For example <c>1250</c> or <c>0.4</c>; nothing for zero.</summary>
    public static string PerSecond(long count, TimeSpan over)
    {
        var rate = count / Math.Max(over.TotalSeconds, 0.001);
        return count == 0 ? "" : rate.ToString(rate >= 9.95 ? "0" : "0.0", CultureInfo.InvariantCulture);
    }

    public static string Count(ulong count) => count == 0 ? "" : count.ToString(CultureInfo.InvariantCulture);
}
