using System.Runtime.Versioning;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Ledger;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

[SupportedOSPlatform("linux")]
public sealed class SpoolFolderTests : IDisposable
{
    private const UnixFileMode Everybody = (UnixFileMode)0b111_111_111;

    private readonly TemporaryFolder _directory = new();
    private readonly LedgerStage _ledger = new("datakit", "points");
    private readonly List<string> _warnings = [];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_folder_that_is_removed_is_made_again_and_its_points_are_counted(bool logOnly)
    {
        using (var spool = Open())
        {
            await spool.AppendAsync(Samples.Batch(0, 10));
            await spool.AppendAsync(Samples.Batch(10, 10));
            Remove(logOnly);

            await spool.AppendAsync(Samples.Batch(20, 10));

            spool.Points.ShouldBe(10);
            _ledger.Snapshot().Lost.ShouldBe(new Dictionary<string, long> { ["spool-removed"] = 20 });
            _warnings.ShouldBe(["Files of the spool were removed or shortened by somebody, 20 points are lost"]);
            Should.Throw<IOException>(Open, "it is locked again");
        }

        using var again = Open();
        again.LostBefore.ShouldBe(0);
        (await again.PeekAsync(100, 1 << 20))!.Numbers().ShouldBe(Enumerable.Range(20, 10));
    }

    [Fact]
    public async Task Points_on_their_way_to_DataKit_survive_their_file()
    {
        using var spool = Open();
        await spool.AppendAsync(Samples.Batch(0, 10));
        await spool.PeekAsync(10, 1 << 20);
        await spool.AppendAsync(Samples.Batch(10, 10));
        Remove(logOnly: false);

        await spool.AppendAsync(Samples.Batch(20, 10));
        await spool.SettleAsync(10);

        _ledger.Snapshot().Lost.ShouldBe(new Dictionary<string, long> { ["spool-removed"] = 10 });
        (await spool.PeekAsync(100, 1 << 20))!.Numbers().ShouldBe(Enumerable.Range(20, 10));
    }

    [Fact]
    public async Task A_log_that_is_shortened_loses_what_was_cut_off()
    {
        using var spool = Open();
        await spool.AppendAsync(Samples.Batch(0, 10));
        var length = new FileInfo(Path.Combine(_directory.Path, "spool.1.log")).Length;
        await spool.AppendAsync(Samples.Batch(10, 10));
        using (var file = new FileStream(Path.Combine(_directory.Path, "spool.1.log"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(length + 7);
        }

        await spool.AppendAsync(Samples.Batch(20, 10));

        _ledger.Snapshot().Lost.ShouldBe(new Dictionary<string, long> { ["spool-removed"] = 10 });
        (await spool.PeekAsync(100, 1 << 20))!.Numbers().ShouldBe([.. Enumerable.Range(0, 10), .. Enumerable.Range(20, 10)]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_else_reads_the_points(bool isThere)
    {
        var path = Path.Combine(_directory.Path, "spool");
        if (isThere)
        {
            Directory.CreateDirectory(path);
            File.SetUnixFileMode(path, Everybody);
        }

        using var spool = new Spool(path, Spool.MinimumBytes, _ledger);
        await spool.AppendAsync(Samples.Batch(0, 1));

        File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.GetFiles(path).Length.ShouldBe(3);
        Directory.GetFiles(path).ShouldAllBe(f => File.GetUnixFileMode(f) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Fact]
    public void A_folder_that_holds_other_things_and_is_open_to_others_is_refused()
    {
        File.WriteAllText(Path.Combine(_directory.Path, "notes"), "mine");
        File.SetUnixFileMode(_directory.Path, Everybody);

        Should.Throw<IOException>(Open).Message.ShouldBe(
            $"others may write to {_directory.Path}, which holds more than a spool: it needs a directory of its own");
        File.GetUnixFileMode(_directory.Path).ShouldBe(Everybody);
    }

    private void Remove(bool logOnly)
    {
        if (logOnly)
        {
            File.Delete(Path.Combine(_directory.Path, "spool.1.log"));
        }
        else
        {
            Directory.Delete(_directory.Path, recursive: true);
        }
    }

    private Spool Open() => new(_directory.Path, Spool.MinimumBytes, _ledger, _warnings.Add);
}
