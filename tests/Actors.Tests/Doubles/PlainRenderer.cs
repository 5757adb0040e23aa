using System.Globalization;
using System.Text;
using EbpfActors.Actors.Flows;

namespace EbpfActors.Actors.Tests.Doubles;

/// <summary>Line protocol for values that need no escaping.</summary>
internal sealed class PlainRenderer : IFlowLineRenderer
{
    /// <summary>A process of this name makes the aggregator throw.</summary>
    public const string Poison = "poison";

    private static readonly PointIdentity Identity = new("node-1", "ebpf", []);

    private int _prefixes;

    public int PrefixesMade => _prefixes;

    public object TagPrefix(in FlowKey key)
    {
        Interlocked.Increment(ref _prefixes);
        if (key.ProcessName == Poison)
        {
            throw new InvalidOperationException("poisoned");
        }

        var tags = NetflowPoint.Tags(key, Identity).Select(t => $",{t.Key}={t.Value}");
        return Encoding.UTF8.GetBytes(NetflowPoint.Measurement + string.Concat(tags));
    }

    public byte[] Line(object prefix, in FlowKey key, in FlowTotals totals, long timestampNs)
    {
        var fields = NetflowPoint.Fields(key, totals).Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Key}={f.Value}i"));
        return [.. (byte[])prefix, .. Encoding.UTF8.GetBytes($" {string.Join(',', fields)} {timestampNs.ToString(CultureInfo.InvariantCulture)}")];
    }
}
