using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

public sealed class SpoolTests : IDisposable
{
    private readonly TemporaryFolder _directory = new();
    private readonly LedgerStage _ledger = new("datakit", "points");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Batches_come_back_as_they_were_after_the_spool_was_closed()
    {
        var bash = new PointEndpoint("/v1/write/logging", "ebpf-bash");
        using (var spool = Open())
        {
            await spool.AppendAsync(Samples.Batch(0, 300));
            await spool.AppendAsync(Samples.Batch(300, 2, bash));
        }

        using var again = Open();
        again.Points.ShouldBe(302);
        var first = (await again.PeekAsync(2000, 1 << 20)).ShouldNotBeNull();
        first.Endpoint.ShouldBe(PointEndpoint.Netflow);
        first.Written.ShouldBe(DateTimeOffset.UnixEpoch);
        first.Lines.ToArray().ShouldBe(Samples.Lines(0, 300));
        await again.SettleAsync(300);
        var second = (await again.PeekAsync(2000, 1 << 20)).ShouldNotBeNull();
        second.Endpoint.ShouldBe(bash);
        second.Lines.ToArray().ShouldBe(Samples.Lines(300, 2));
    }

    [Fact]
    public async Task Small_entries_of_one_endpoint_are_read_as_one_batch()
    {
        using var spool = Open();
        for (var i = 0; i < 10; i++)
        {
            await spool.AppendAsync(Samples.Batch(i, 1));
        }

        (await spool.PeekAsync(4, 1 << 20))!.Numbers().ShouldBe([0, 1, 2, 3]);
        await spool.SettleAsync(4);
        (await spool.PeekAsync(100, 1 << 20))!.Numbers().ShouldBe(Enumerable.Range(4, 6));
    }

    [Fact]
    public async Task A_partly_settled_batch_continues_where_it_was()
    {
        using var spool = Open();
        await spool.AppendAsync(Samples.Batch(0, 10));
        await spool.AppendAsync(Samples.Batch(10, 10));

        await spool.PeekAsync(100, 1 << 20);
        await spool.SettleAsync(13);

        spool.Points.ShouldBe(7);
        (await spool.PeekAsync(100, 1 << 20))!.Numbers().ShouldBe(Enumerable.Range(13, 7));
    }

    [Fact]
    public async Task What_was_settled_does_not_come_back()
    {
        using (var spool = Open())
        {
            await spool.AppendAsync(Samples.Batch(0, 5));
            await spool.AppendAsync(Samples.Batch(5, 5));
            await spool.PeekAsync(5, 1 << 20);
            await spool.SettleAsync(5);
        }

        using (var spool = Open())
        {
            (await spool.PeekAsync(100, 1 << 20))!.Numbers().ShouldBe(Enumerable.Range(5, 5));
            await spool.SettleAsync(5);
        }

        using var empty = Open();
        empty.Points.ShouldBe(0);
        (await empty.PeekAsync(100, 1 << 20)).ShouldBeNull();
    }

    [Fact]
    public async Task Beyond_its_limit_the_oldest_go_and_are_counted()
    {
        using var spool = Open();
        for (var i = 0; i < 60; i++)
        {
            await spool.AppendAsync(Samples.Incompressible(i, 300_000));
        }

        var status = spool.Status;
        status.Bytes.ShouldBeLessThanOrEqualTo(Spool.MinimumBytes);
        status.Points.ShouldBeInRange(20, 40);
        _ledger.Snapshot().Lost.ShouldBe(new Dictionary<string, long> { ["spool-full"] = 60 - status.Points });
        var numbers = new List<int>();
        while (await spool.PeekAsync(1, 1) is { } batch)
        {
            numbers.AddRange(batch.Numbers());
            await spool.SettleAsync(1);
        }

        numbers.ShouldBe(Enumerable.Range(60 - (int)status.Points, (int)status.Points));
        new DirectoryInfo(_directory.Path).EnumerateFiles("spool.*.log").Sum(f => f.Length).ShouldBeLessThan(Spool.MinimumBytes + (5 << 20));
    }

    [Fact]
    public async Task A_batch_on_its_way_is_not_dropped_to_make_room()
    {
        using var spool = Open();
        for (var i = 0; i < 20; i++)
        {
            await spool.AppendAsync(Samples.Incompressible(i, 300_000));
        }

        (await spool.PeekAsync(1, 1))!.Numbers().ShouldBe([0]);
        for (var i = 20; i < 60; i++)
        {
            await spool.AppendAsync(Samples.Incompressible(i, 300_000));
        }

        await spool.SettleAsync(1);

        var lost = _ledger.Snapshot().Lost["spool-full"];
        (spool.Points + lost).ShouldBe(59);
        (await spool.PeekAsync(1, 1))!.Numbers().ShouldBe([(int)lost + 1]);
    }

    [Fact]
    public async Task The_largest_line_that_does_not_compress_fits()
    {
        using var spool = Open();
        var batch = Samples.Incompressible(7, 1_047_000);

        await spool.AppendAsync(batch);

        (await spool.PeekAsync(1, 1))!.Lines[0].ShouldBe(batch.Lines[0]);
    }

    [Fact]
    public async Task An_entry_damaged_while_the_spool_is_open_is_skipped_and_its_points_are_counted()
    {
        using var spool = Open();
        for (var i = 0; i < 20; i++)
        {
            await spool.AppendAsync(Samples.Incompressible(i, 300_000));
        }

        Damage(at: 400_000);

        List<int> numbers = [];
        while (await spool.PeekAsync(1, 1) is { } batch)
        {
            numbers.AddRange(batch.Numbers());
            await spool.SettleAsync(1);
        }

        numbers.ShouldBe([0, .. Enumerable.Range(2, 18)]);
        _ledger.Snapshot().Lost.ShouldBe(new Dictionary<string, long> { ["spool-corrupt"] = 1 });
    }

    [Fact]
    public void A_spool_belongs_to_one_writer()
    {
        using var spool = Open();

        Should.Throw<IOException>(Open);
    }

    private Spool Open() => new(_directory.Path, Spool.MinimumBytes, _ledger);

    private void Damage(long at)
    {
        using var file = new FileStream(Path.Combine(_directory.Path, "spool.1.log"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Position = at;
        file.Write([0x7f, 0x7f, 0x7f, 0x7f]);
    }
}
