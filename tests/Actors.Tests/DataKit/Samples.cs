using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Points;
using EbpfActors.FakeDataKit;

namespace EbpfActors.Actors.Tests.DataKit;

/// <summary>Numbered points, and the numbers of those that arrived.</summary>
internal static class Samples
{
    private const string Tags =
        "netflow,direction=outgoing,dst_ip=203.0.113.10,dst_port=443,family=IPv4,host=node-1,pid=4242,process_name=curl,src_ip=192.0.2.15,transport=tcp";

    public static byte[] Line(int number) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"{Tags} bytes_read=5120i,number={number}i,note=\"a\nb\" 1700000000000000000"));

    public static byte[][] Lines(int from, int count) => [.. Enumerable.Range(from, count).Select(Line)];

    public static WritePoints Points(int from, int count, PointEndpoint? endpoint = null) =>
        new(endpoint ?? PointEndpoint.Netflow, ImmutableArray.Create(Lines(from, count)));

    public static PointBatch Batch(int from, int count, PointEndpoint? endpoint = null) =>
        new(endpoint ?? PointEndpoint.Netflow, Lines(from, count), DateTimeOffset.UnixEpoch);

    /// <summary>One point of about this many bytes that do not compress.</summary>
    public static PointBatch Incompressible(int number, int bytes)
    {
        var noise = new byte[bytes * 3 / 4];
        new Random(number).NextBytes(noise);
        var line = $"m,k=v number={number}i,noise=\"{Convert.ToBase64String(noise)}\" 1700000000000000000";
        return new PointBatch(PointEndpoint.Netflow, new[] { Encoding.UTF8.GetBytes(line) }, DateTimeOffset.UnixEpoch);
    }

    public static IEnumerable<int> Numbers(this DataKitServer server) => server.Accepted.Select(line => Number(line.Line));

    public static IEnumerable<int> Numbers(this PointBatch batch) => [.. batch.Lines.ToArray().Select(line => Number(Encoding.UTF8.GetString(line)))];

    public static int Number(string line)
    {
        var start = line.IndexOf("number=", StringComparison.Ordinal) + "number=".Length;
        return int.Parse(line.AsSpan(start, line.IndexOf('i', start) - start), CultureInfo.InvariantCulture);
    }

    /// <summary>The number in a line of tests/SpoolCrash: <c>m,n=12 f=...</c></summary>
    public static int CrashNumber(byte[] line) => int.Parse(line.AsSpan(4, line.AsSpan().IndexOf((byte)' ') - 4), CultureInfo.InvariantCulture);
}
