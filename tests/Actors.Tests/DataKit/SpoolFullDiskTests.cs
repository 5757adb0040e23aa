using System.Diagnostics;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Ledger;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

public sealed class SpoolFullDiskTests : IDisposable
{
    private readonly TemporaryFolder _directory = new();
    private readonly LedgerStage _ledger = new("datakit", "points");

    private string Commits => Path.Combine(_directory.Path, "log-commits");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_full_disk_costs_nothing_that_was_written_before()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs root, for a small file system of its own");
        Run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", _directory.Path);
        try
        {
            await FillWhileInUseAsync();
        }
        finally
        {
            Run("umount", _directory.Path);
        }
    }

    [Fact]
    public async Task A_commit_that_cannot_be_written_leaves_the_one_before()
    {
        using (var spool = Open())
        {
            await spool.AppendAsync(Samples.Batch(0, 5));
            await spool.AppendAsync(Samples.Batch(5, 5));
            var spare = Directory.GetFiles(Commits).Order(StringComparer.Ordinal).First(); // commit.1.0: the second one is the newest
            File.Delete(spare);
            File.CreateSymbolicLink(spare, "/dev/full");

            await Should.ThrowAsync<IOException>(() => spool.AppendAsync(Samples.Batch(10, 5)));
        }

        using var again = Open();
        (await again.PeekAsync(100, 1 << 20))!.Numbers().ShouldBe(Enumerable.Range(0, 10));
        _ledger.Snapshot().Lost.ShouldBeEmpty();
        await again.AppendAsync(Samples.Batch(10, 5));
        again.Points.ShouldBe(15);
    }

    [Fact]
    public async Task An_empty_commit_file_does_not_hide_the_one_before()
    {
        using (var spool = Open())
        {
            await spool.AppendAsync(Samples.Batch(0, 5));
        }

        await File.WriteAllBytesAsync(Path.Combine(Commits, "commit.2.0"), [], TestContext.Current.CancellationToken);

        using var again = Open();
        again.Points.ShouldBe(5);
        _ledger.Snapshot().Lost.ShouldBeEmpty();
        Directory.EnumerateFiles(Commits).ShouldNotContain(f => new FileInfo(f).Length == 0);
    }

    [Fact]
    public async Task Entries_beside_nothing_but_an_empty_commit_file_are_lost_and_counted()
    {
        using (var spool = Open())
        {
            await spool.AppendAsync(Samples.Batch(0, 5));
        }

        foreach (var commit in Directory.GetFiles(Commits))
        {
            File.Delete(commit);
        }

        await File.WriteAllBytesAsync(Path.Combine(Commits, "commit.2.0"), [], TestContext.Current.CancellationToken);

        using var again = Open();
        again.Status.CorruptEntries.ShouldBe(1);
        _ledger.Snapshot().Lost.ShouldBe(new Dictionary<string, long> { ["spool-corrupt"] = 1 });
    }

    /// <summary>The entry that meets the full disk fits where the last one ended; what comes behind it does not.</summary>
    private async Task FillWhileInUseAsync()
    {
        var written = 5;
        using (var spool = Open())
        {
            await spool.AppendAsync(Samples.Batch(0, written));
            Fill();
            await spool.AppendAsync(Samples.Batch(written, 1));
            written++;
            await Should.ThrowAsync<Exception>(() => spool.AppendAsync(Samples.Incompressible(written, 300_000)));
        }

        using (var full = Open())
        {
            (await full.PeekAsync(100, 1 << 20))!.Numbers().ShouldBe(Enumerable.Range(0, written));
            await full.SettleAsync(2);
            await full.SettleAsync(3);
        }

        using var again = Open();
        (await again.PeekAsync(100, 1 << 20))!.Numbers().ShouldBe([written - 1]);
        _ledger.Snapshot().Lost.ShouldBeEmpty();
    }

    private void Fill()
    {
        using var file = new FileStream(Path.Combine(_directory.Path, "fill"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        Should.Throw<IOException>(() =>
        {
            var page = new byte[4096];
            while (true)
            {
                file.Write(page);
            }
        });
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        process.ExitCode.ShouldBe(0);
    }

    private Spool Open() => new(_directory.Path, Spool.MinimumBytes, _ledger);
}
