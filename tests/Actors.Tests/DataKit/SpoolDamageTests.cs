using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Ledger;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

/// <summary>Five entries of ten points each, and what is left of them when something has happened to their files.</summary>
public sealed class SpoolDamageTests : IDisposable
{
    private readonly TemporaryFolder _directory = new();
    private readonly LedgerStage _ledger = new("datakit", "points");
    private readonly List<string> _warnings = [];

    private string Log => Path.Combine(_directory.Path, "spool.1.log");

    private string Head => Path.Combine(_directory.Path, "spool.head");

    public void Dispose() => _directory.Dispose();

    public static TheoryData<int> EveryByteOfAHeaderAndSomeBehindIt() => [.. Enumerable.Range(0, SpoolFrame.HeaderBytes + 20)];

    [Theory]
    [MemberData(nameof(EveryByteOfAHeaderAndSomeBehindIt))]
    public async Task One_flipped_bit_costs_the_entry_that_it_is_in(int at)
    {
        var starts = await FillAsync();
        Change(Log, bytes => bytes[starts[2] + at] ^= 0x10);

        await ShouldHoldAsync(lost: 10, [.. Enumerable.Range(0, 20), .. Enumerable.Range(30, 20)]);
        _warnings.ShouldBe(["The spool was damaged in 1 places since it was written, 10 points are lost"]);
    }

    [Fact]
    public async Task A_length_that_points_far_behind_the_file_costs_its_entry()
    {
        var starts = await FillAsync();
        Change(Log, bytes => new byte[] { 0xff, 0xff, 0xff, 0x7f }.CopyTo(bytes, starts[0] + 44));

        await ShouldHoldAsync(lost: 10, Enumerable.Range(10, 40));
    }

    [Fact]
    public async Task The_end_of_the_log_is_missed_as_well()
    {
        var starts = await FillAsync();
        Change(Log, bytes => bytes.AsSpan(starts[3] + 5).Clear());

        await ShouldHoldAsync(lost: 20, Enumerable.Range(0, 30));
    }

    [Fact]
    public async Task A_log_that_was_removed_is_missed_with_all_its_points()
    {
        await FillAsync();
        File.Delete(Log);

        Spool.ExistsIn(_directory.Path).ShouldBeTrue();
        await ShouldHoldAsync(lost: 50, []);
        using var again = Open();
        again.LostBefore.ShouldBe(0, "it is told once");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_log_without_its_head_is_whole(bool removed)
    {
        await FillAsync();
        if (removed)
        {
            File.Delete(Head);
        }
        else
        {
            Change(Head, bytes => bytes.AsSpan().Fill(0xA5));
        }

        await ShouldHoldAsync(lost: 0, Enumerable.Range(0, 50));
    }

    [Fact]
    public async Task What_was_delivered_does_not_come_back_without_the_head_once_something_was_written_behind_it()
    {
        using (var spool = Open())
        {
            await spool.AppendAsync(Samples.Batch(0, 10));
            await spool.AppendAsync(Samples.Batch(10, 10));
            await spool.PeekAsync(10, 1 << 20);
            await spool.SettleAsync(10);
            await spool.AppendAsync(Samples.Batch(20, 10));
        }

        File.Delete(Head);

        await ShouldHoldAsync(lost: 0, Enumerable.Range(10, 20));
    }

    [Fact]
    public async Task A_torn_write_of_the_head_leaves_the_one_before()
    {
        await FillAsync();
        Change(Head, bytes => bytes.AsSpan(512, 20).Clear()); // the fifth write went to the second place

        await ShouldHoldAsync(lost: 0, Enumerable.Range(0, 50));
    }

    [Fact]
    public async Task An_end_that_nothing_tells_of_any_more_is_one_point_or_more()
    {
        var starts = await FillAsync();
        File.Delete(Head);
        Change(Log, bytes => bytes.AsSpan(starts[3]).Clear());

        await ShouldHoldAsync(lost: 1, Enumerable.Range(0, 30));
        _warnings.ShouldBe(["The spool was damaged in 1 places since it was written, at least 1 points are lost"]);
    }

    [Fact]
    public async Task An_entry_that_was_not_written_to_its_end_was_never_there()
    {
        await FillAsync();
        File.WriteAllBytes(Path.Combine(_directory.Path, "spool.2.log"), File.ReadAllBytes(Log)[..40]);

        await ShouldHoldAsync(lost: 0, Enumerable.Range(0, 50));
        _warnings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("spool.abc.log")]
    [InlineData("spool.99999999999999999999.log")]
    [InlineData("spool.1.log.bak")]
    [InlineData("notes")]
    public async Task A_file_of_somebody_else_is_left_alone(string name)
    {
        await FillAsync();
        var stray = Path.Combine(_directory.Path, name);
        await File.WriteAllTextAsync(stray, "mine", TestContext.Current.CancellationToken);

        await ShouldHoldAsync(lost: 0, Enumerable.Range(0, 50));
        (await File.ReadAllTextAsync(stray, TestContext.Current.CancellationToken)).ShouldBe("mine");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_happens_to_the_log_the_points_that_come_back_and_the_lost_ones_are_all(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 30; round++)
        {
            foreach (var file in Directory.GetFiles(_directory.Path))
            {
                File.Delete(file);
            }

            await FillAsync();
            Change(Log, bytes =>
            {
                for (var damage = random.Next(1, 6); damage > 0; damage--)
                {
                    random.NextBytes(bytes.AsSpan(random.Next(bytes.Length - 100), random.Next(1, 100)));
                }
            });

            using var spool = Open();
            var numbers = await DrainAsync(spool);
            numbers.ShouldBe(numbers.Order());
            (numbers.Count + spool.LostBefore).ShouldBe(50);
        }
    }

    private async Task ShouldHoldAsync(long lost, IEnumerable<int> numbers)
    {
        using var spool = Open();
        spool.LostBefore.ShouldBe(lost);
        spool.Status.CorruptEntries.ShouldBe(lost > 0 ? 1 : 0);
        (await DrainAsync(spool)).ShouldBe(numbers);
        await spool.AppendAsync(Samples.Batch(50, 1));
        (await DrainAsync(spool)).ShouldBe([50]);
    }

    private static async Task<List<int>> DrainAsync(Spool spool)
    {
        List<int> numbers = [];
        while (await spool.PeekAsync(1000, 1 << 20) is { } batch)
        {
            numbers.AddRange(batch.Numbers());
            await spool.SettleAsync(batch.Points);
        }

        return numbers;
    }

    /// <summary>Returns where in the log each entry begins.</summary>
    private async Task<List<int>> FillAsync()
    {
        List<int> starts = [];
        using var spool = Open();
        for (var i = 0; i < 5; i++)
        {
            starts.Add(File.Exists(Log) ? (int)new FileInfo(Log).Length : 0);
            await spool.AppendAsync(Samples.Batch(10 * i, 10));
        }

        return starts;
    }

    private static void Change(string path, Action<byte[]> change)
    {
        var bytes = File.ReadAllBytes(path);
        change(bytes);
        File.WriteAllBytes(path, bytes);
    }

    private Spool Open() => new(_directory.Path, Spool.MinimumBytes, _ledger, _warnings.Add);
}
