using System.Globalization;
using System.Text;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;

// Appends numbered points to the spool in the directory given, prints each number once it is acknowledged, and every so
// often takes the oldest ones off ("-" and the number). It runs until it is killed.
using var spool = new Spool(args[0], Spool.MinimumBytes * 8, new FlowLedger().Stage("datakit", "points"));
var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
var filler = new string('x', 200);
for (var number = 0; ; number++)
{
    var line = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"m,n={number} f=\"{filler}\" 1700000000000000000"));
    await spool.AppendAsync(new PointBatch(PointEndpoint.Netflow, new[] { line }, DateTimeOffset.UtcNow));
    await output.WriteLineAsync(number.ToString(CultureInfo.InvariantCulture));
    if (number % 7 == 6)
    {
        await spool.PeekAsync(maxPoints: 3, maxBytes: 1 << 20);
        await spool.SettleAsync(3);
        await output.WriteLineAsync($"-{((number / 7) * 3) + 2}");
    }
}
