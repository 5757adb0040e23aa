using EbpfActors.Actors.Flows;

namespace EbpfActors.Actors.Http;

/// <summary>Remembers whose exchanges went to <see cref="HttpPathGovernor.Other"/> and makes one sentence of it, a minute at the earliest after the last.</summary>
public sealed class HttpOverflowLog(TimeProvider time)
{
    private const int Named = 5;

    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(string Process, uint Pid), long> _exchanges = [];
    private long? _saidAt;

    public void Add(in FlowKey key, long exchanges)
    {
        if (exchanges > 0)
        {
            var process = (key.ProcessName, key.Pid);
            _exchanges[process] = _exchanges.GetValueOrDefault(process) + exchanges;
        }
    }

    /// <summary>The sentence when it is due, and null when there is nothing to say or it is too early; then nothing is forgotten.</summary>
    public string? Due()
    {
        if (_exchanges.Count == 0 || (_saidAt is { } at && time.GetElapsedTime(at) < Every))
        {
            return null;
        }

        _saidAt = time.GetTimestamp();
        var worst = _exchanges.OrderByDescending(e => e.Value).Take(Named).Select(e => $"{e.Value} of {Name(e.Key.Process)} (pid {e.Key.Pid})");
        var more = _exchanges.Count > Named ? $" and {_exchanges.Count - Named} more processes" : "";
        var text = $"HTTP exchanges reported with the path {HttpPathGovernor.Other}, since there are too many paths: {string.Join(", ", worst)}{more}";
        _exchanges.Clear();
        return text;
    }

    private static string Name(string process) => process.Length == 0 ? "?" : process;
}
