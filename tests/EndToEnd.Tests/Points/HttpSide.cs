namespace EbpfActors.EndToEnd.Tests.Points;

/// <summary>Sums over some exchanges, latency in nanoseconds.</summary>
internal readonly record struct HttpSum(long Count, long Request, long Response, long Latency = 0);

/// <summary>One side of HTTP traffic, by method, path and status, summed over the flushes.</summary>
internal sealed class HttpSide
{
    private readonly Dictionary<(string Method, string Path, long Status), HttpSum> _sums = [];

    private HttpSide(NetflowPoints points, string request, string response)
    {
        foreach (var fields in points.All.Select(p => p.Fields))
        {
            var key = ((string)fields["method"], (string)fields["path"], (long)fields["status_code"]);
            var sum = _sums.GetValueOrDefault(key);
            var count = (long)fields["count"];
            _sums[key] = new HttpSum(
                sum.Count + count,
                sum.Request + (long)fields[request],
                sum.Response + (long)fields[response],
                sum.Latency + ((long)fields["latency"] * count));
        }
    }

    public IReadOnlyDictionary<(string Method, string Path, long Status), HttpSum> Sums => _sums;

    /// <summary>Without latencies, which no test knows to the nanosecond; in one order.</summary>
    public IReadOnlyList<string> Lines => [.. _sums.Select(s => Line(s.Key.Method, s.Key.Path, s.Key.Status, s.Value)).Order(StringComparer.Ordinal)];

    public static HttpSide Client(NetflowPoints points, int serverPort) => new(points.Clients("tcp", serverPort), "bytes_written", "bytes_read");

    public static HttpSide Server(NetflowPoints points, int serverPort) => new(points.Servers("tcp", serverPort), "bytes_read", "bytes_written");

    public static string Line(string method, string path, long status, HttpSum sum) =>
        $"{method} {path} {status}: {sum.Count} times, {sum.Request} and {sum.Response} bytes";
}
