using EbpfActors.Probes.Bash;
using EbpfActors.Probes.Elf;
using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Tests.Elf;
using EbpfActors.Probes.Tls.Discovery;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Inspections;

/// <summary>Files that are made to keep their reader busy.</summary>
public sealed class HostileFileTests
{
    private const ulong MiB = 1 << 20;

    [Fact]
    public void Thousands_of_symbol_tables_cost_no_more_than_one()
    {
        var file = new SparseElf(255 * MiB, sections: 4000);

        FileClassifier.Classify(file, "/tmp/program");

        file.BytesRead.ShouldBeLessThan(3 * 255 * MiB);
    }

    [Fact]
    public void Nothing_is_read_beyond_the_budget()
    {
        var file = new SparseElf(255 * MiB, sections: 4000);
        var budget = new ReadBudget(64 << 20, TimeSpan.MaxValue);

        Should.Throw<OverBudgetException>(() => ShellProgram.Classify(new BudgetedBytes(file, budget), "/tmp/bash"));

        file.BytesRead.ShouldBeLessThanOrEqualTo(64 * MiB);
    }

    [Fact]
    public void Many_small_reads_use_the_budget_up_too()
    {
        var budget = new ReadBudget(1 << 20, TimeSpan.MaxValue);
        var bytes = new BudgetedBytes(new MemoryFile(new byte[16]), budget);

        for (var i = 0; i < 256; i++)
        {
            bytes.ReadUInt32(0);
        }

        Should.Throw<OverBudgetException>(() => bytes.ReadUInt32(0));
    }

    [Fact]
    public void A_read_that_comes_too_late_is_not_begun() =>
        Should.Throw<OverBudgetException>(() => new ReadBudget(1 << 20, TimeSpan.FromTicks(-1)).Charge(1));

    [Fact]
    public void A_section_name_of_the_whole_table_is_cut()
    {
        var image = new ElfBuilder([0xc3]).Section(".data." + new string('x', 1000), []).Read();

        image.Sections.ShouldAllBe(s => s.Name.Length <= 64);
    }

    [Fact]
    public void When_all_together_have_used_up_theirs_each_file_gets_less_until_time_has_passed()
    {
        var time = new FakeTimeProvider();
        var allowance = new Allowance(new InspectionLimits(100_000, TimeSpan.FromSeconds(5))
        {
            ScarceBytes = 10_000,
            SharedBytes = 250_000,
            SharedBytesPerSecond = 50_000,
        }, time);

        Allowed(allowance).ShouldBe([100_000, 100_000, 10_000, 10_000]);
        time.Advance(TimeSpan.FromSeconds(2));
        Allowed(allowance)[0].ShouldBe(100_000);
    }

    private static long[] Allowed(Allowance allowance)
    {
        var allowed = new long[4];
        for (var i = 0; i < allowed.Length; i++)
        {
            var budget = allowance.Next(CancellationToken.None);
            try
            {
                while (true)
                {
                    budget.Charge(10_000);
                    allowed[i] += 10_000;
                }
            }
            catch (OverBudgetException)
            {
                allowance.Spend(budget);
            }
        }

        return allowed;
    }
}
