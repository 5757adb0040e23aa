namespace EbpfActors.Actors.Cardinality;

/// <summary>Remembers what of whom went to <see cref="CardinalityGovernor.Other"/> and makes one sentence of it, a minute at the earliest after the last.</summary>
/// <param name="time">Says when a minute is over.</param>
/// <param name="sentence">What happened, up to the colon.</param>
public sealed class OverflowLog(TimeProvider time, string sentence)
{
    private const int Named = 5;

    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(string Process, uint Pid), long> _counts = [];
    private long? _saidAt;

    /// <summary>So many more of this process; an empty name and 0 when it is not known.</summary>
    public void Add(string process, uint pid, long count)
    {
        if (count > 0)
        {
            _counts[(process, pid)] = _counts.GetValueOrDefault((process, pid)) + count;
        }
    }

    /// <summary>The sentence when it is due, and null when there is nothing to say or it is too early; then nothing is forgotten.</summary>
    public string? Due()
    {
        if (_counts.Count == 0 || (_saidAt is { } at && time.GetElapsedTime(at) < Every))
        {
            return null;
        }

        _saidAt = time.GetTimestamp();
        var worst = _counts.OrderByDescending(e => e.Value).Take(Named).Select(e => $"{e.Value} of {Name(e.Key.Process)} (pid {e.Key.Pid})");
        var more = _counts.Count > Named ? $" and {_counts.Count - Named} more processes" : "";
        var text = $"{sentence}: {string.Join(", ", worst)}{more}";
        _counts.Clear();
        return text;
    }

    private static string Name(string process) => process.Length == 0 ? "?" : process;
}
