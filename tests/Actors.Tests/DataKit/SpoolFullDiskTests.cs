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
