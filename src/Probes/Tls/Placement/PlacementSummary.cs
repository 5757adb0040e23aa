using System.Text;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>The points of a whole file, and in words how cheap they are.</summary>
internal sealed class PlacementSummary
{
    private readonly List<ProbePoint> _points = [];
    private readonly Dictionary<string, List<string>> _plain = [];
    private int _calls;
    private bool _hasReadEnd;

    internal IReadOnlyList<ProbePoint> Points => _points;

    /// <summary>"moved probes", "plain probes: why", or the one for some functions and the other for the rest.</summary>
    internal string Text
    {
        get
        {
            var plain = new StringBuilder();
            foreach (var (why, symbols) in _plain)
            {
                plain.Append(plain.Length == 0 ? "" : "; ").AppendJoin(", ", symbols).Append(": ").Append(why);
            }

            var isAll = _plain.Values.Sum(s => s.Count) == _calls;
            var text = plain.Length == 0 ? "moved probes" : isAll ? $"plain probes: {plain}" : $"moved probes; plain probes: {plain}";
            return _hasReadEnd ? $"one probe for every read; else {text}" : text;
        }
    }

    /// <summary>Points that serve instead of those of SSL_read and SSL_read_ex, on kernels where a probe can be told which registers.</summary>
    internal void AddSharedRead(IReadOnlyList<ProbePoint> ends)
    {
        _points.AddRange(ends);
        _hasReadEnd = ends.Count > 0;
    }

    internal void Add(string symbol, CallPlacement placement)
    {
        _calls++;
        _points.AddRange(placement.Points);
        if (placement.Why is { } why)
        {
            if (!_plain.TryGetValue(why, out var symbols))
            {
                _plain[why] = symbols = [];
            }

            symbols.Add(symbol);
        }
    }
}
