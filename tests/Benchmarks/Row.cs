namespace EbpfActors.Benchmarks;

/// <summary>One line of the report. <paramref name="Off"/> is the median without the agent where there is one to compare with.</summary>
internal sealed record Row(string What, string Unit, double? Off, double Value, string Goal, bool Met, string Spread)
{
    /// <summary>The median over pairs of on/off, each pair measured back to back.</summary>
    public static Row Ratio(string what, IReadOnlyList<(double Off, double On)> pairs, double goal)
    {
        var ratios = pairs.Select(p => p.On / p.Off).Order().ToArray();
        var median = Median(ratios);
        return new Row(what, "on/off", Median(pairs.Select(p => p.Off)), median, $">= {goal}", median >= goal, $"{ratios[0]:0.000}-{ratios[^1]:0.000}");
    }

    public static Row Below(string what, string unit, IReadOnlyList<double> values, double goal) =>
        new(what, unit, null, Median(values), $"< {goal}", Median(values) < goal, $"{values.Min():0.###}-{values.Max():0.###}");

    public static Row AtLeast(string what, string unit, IReadOnlyList<double> values, double goal) =>
        new(what, unit, null, Median(values), $">= {goal}", Median(values) >= goal, $"{values.Min():0.###}-{values.Max():0.###}");

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
