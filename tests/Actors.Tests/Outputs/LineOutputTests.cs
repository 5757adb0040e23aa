using System.Runtime.Versioning;
using System.Text;
using Akka.Actor;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Outputs;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.FakeDataKit;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Outputs;

public sealed class LineOutputTests() : TestKit(VirtualTime.Config)
{
    private readonly FlowLedger _ledger = new();

    [Fact]
    public async Task A_file_gets_a_line_for_each_point_and_keeps_what_it_had()
    {
        using var folder = new TemporaryFolder();
        var path = folder["points"];
        await File.WriteAllTextAsync(path, "old\n");
        var output = Sys.ActorOf(LineOutput.File(path, 0, _ledger).Props);

        output.Tell(Points("a", "b"));
        output.Tell(Points("c"));
        output.Tell(CloseOutput.Instance);

        await ExpectMsgAsync<OutputClosed>();
        (await File.ReadAllTextAsync(path)).ShouldBe("old\na\nb\nc\n");
        (Entry().In, Entry().Out).ShouldBe((3, 3));
    }

    [Fact]
    public async Task A_point_is_a_line_whatever_is_in_its_strings()
    {
        using var folder = new TemporaryFolder();
        var path = folder["points"];
        var output = Sys.ActorOf(LineOutput.File(path, 0, _ledger).Props);

        output.Tell(Points("bash cmd=\"for i in 1\ndo :\r\n\",typed=\"a\\\\nb\" 1", "b"));
        output.Tell(CloseOutput.Instance);

        await ExpectMsgAsync<OutputClosed>();
        var lines = await File.ReadAllLinesAsync(path);
        lines.ShouldBe(["bash cmd=\"for i in 1\\ndo :\\r\\n\",typed=\"a\\\\nb\" 1", "b"]);

        // As DataKit decodes it: a backslash before anything but a quote and itself is a backslash.
        LineParser.Parse(lines[0]).Fields["cmd"].ShouldBe("for i in 1\\ndo :\\r\\n");
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task A_file_that_is_made_is_for_its_owner_alone()
    {
        using var folder = new TemporaryFolder();
        Sys.ActorOf(LineOutput.File(folder["points"], 0, _ledger).Props);

        await Eventually.HoldsAsync(() => File.Exists(folder["points"]));

        File.GetUnixFileMode(folder["points"]).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task A_file_that_cannot_be_opened_costs_counted_points_until_it_can()
    {
        using var folder = new TemporaryFolder();
        var missing = Path.Combine(folder.Path, "missing");
        var path = Path.Combine(missing, "points");
        var output = Sys.ActorOf(LineOutput.File(path, 0, _ledger).Props);

        output.Tell(Points("too", "early"));
        await output.Barrier();
        await Eventually.HoldsAsync(() => Entry().Lost.Values.Sum() == 2);
        Directory.CreateDirectory(missing);
        output.Tell(Points("in time"));
        output.Tell(CloseOutput.Instance);

        await ExpectMsgAsync<OutputClosed>();
        (await File.ReadAllTextAsync(path)).ShouldBe("in time\n");
        Entry().Lost.ShouldBe(new Dictionary<string, long> { ["write-failed"] = 2 });
        (Entry().In, Entry().Out).ShouldBe((3, 1));
    }

    [Fact]
    public async Task A_disk_that_is_full_costs_counted_points_and_leaves_no_half_line()
    {
        var disk = new SmallDisk(room: 6);
        var output = Sys.ActorOf(LineOutput.Props("disk", () => new LineSink(() => disk, canCutBack: true), _ledger));

        output.Tell(Points("fits"));
        output.Tell(Points("does", "not", "fit"));
        output.Tell(CloseOutput.Instance);

        await ExpectMsgAsync<OutputClosed>();
        Encoding.UTF8.GetString(disk.ToArray()).ShouldBe("fits\n");
        Entry().Lost.ShouldBe(new Dictionary<string, long> { ["write-failed"] = 3 });
        Entry().InFlight.ShouldBe(0);
    }

    [Fact]
    public async Task A_reader_that_stalls_costs_counted_points_and_not_memory()
    {
        using var pipe = new StalledPipe();
        var output = Sys.ActorOf(LineOutput.Props("pipe", () => new LineSink(() => pipe, canCutBack: false), _ledger));
        var batch = new WritePoints(PointEndpoint.Netflow, [.. Enumerable.Repeat(new byte[] { 65 }, LineOutput.MostWaiting / 2)]);

        output.Tell(batch);
        output.Tell(batch);
        output.Tell(batch);
        await output.Barrier();
        Entry().Lost.ShouldBe(new Dictionary<string, long> { ["output-slow"] = LineOutput.MostWaiting / 2 });
        pipe.Flow();
        output.Tell(CloseOutput.Instance);

        await ExpectMsgAsync<OutputClosed>();
        Entry().Out.ShouldBe(LineOutput.MostWaiting);
    }

    private LedgerEntry Entry() => _ledger.Snapshot().Single();

    private static WritePoints Points(params string[] lines) => new(PointEndpoint.Netflow, [.. lines.Select(Encoding.UTF8.GetBytes)]);

    /// <summary>Takes what fits and then fails, as a disk does.</summary>
    private sealed class SmallDisk(int room) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            var fits = Math.Min(buffer.Length, room - (int)Length);
            base.Write(buffer[..fits]);
            if (fits < buffer.Length)
            {
                throw new IOException("No space left on device");
            }
        }
    }

    private sealed class StalledPipe : MemoryStream
    {
        private readonly ManualResetEventSlim _open = new();

        public void Flow() => _open.Set();

        public override void Write(ReadOnlySpan<byte> buffer) => _open.Wait();

        protected override void Dispose(bool disposing)
        {
            _open.Set();
            base.Dispose(disposing);
        }
    }
}
