using System.Globalization;

namespace EbpfActors.Agent.Host;

/// <summary>For how long this process has been there, the start of its runtime included; the clock may be set meanwhile.</summary>
internal static class ProcessAge
{
    private const double TicksPerSecond = 100; // USER_HZ
    private const int StartTime = 19; // the 22nd field of stat, counted from behind the name

    /// <summary>To a hundredth of a second.</summary>
    public static TimeSpan Now() => Of(File.ReadAllText("/proc/self/stat"), File.ReadAllText("/proc/uptime"));

    /// <summary>Both count from the boot of the machine, time asleep included.</summary>
    internal static TimeSpan Of(string stat, string uptime)
    {
        var started = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[StartTime];
        return TimeSpan.FromSeconds(
            double.Parse(uptime.Split(' ')[0], CultureInfo.InvariantCulture) - (double.Parse(started, CultureInfo.InvariantCulture) / TicksPerSecond));
    }
}
