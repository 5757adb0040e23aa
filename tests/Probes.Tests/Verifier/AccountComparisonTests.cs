using EbpfActors.VerifierAccount;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Verifier;

/// <summary>When the kernel matrix asks somebody to look at what the verifier says.</summary>
public sealed class AccountComparisonTests
{
    private const string Recorded = "6.1\tnet\ttcp_on_state\t1000\t200+48";

    [Theory]
    [InlineData("1100\t200+48")]
    [InlineData("900\t200+48")]
    [InlineData("1000\t220+52")]
    [InlineData("1000\t200+24+24")]
    public void A_tenth_more_or_less_is_nothing(string now) => Faults($"6.1\tnet\ttcp_on_state\t{now}").ShouldBeEmpty();

    [Theory]
    [InlineData("1101\t200+48", "instructions grew from 1000 to 1101 (+10 %)")]
    [InlineData("899\t200+48", "instructions shrank from 1000 to 899 (-10 %)")]
    [InlineData("1000\t200+48+48", "bytes of stack grew from 248 to 296 (+19 %)")]
    [InlineData("1000\t240+8", "bytes in the largest frame grew from 200 to 240 (+20 %)")]
    [InlineData("1000\t190+8", "bytes of stack shrank from 248 to 198 (-20 %)")]
    [InlineData("refused\tunknown func", "was loaded, and is refused now: unknown func")]
    public void More_than_a_tenth_and_a_refusal_are_faults(string now, string fault)
    {
        var said = Faults($"6.1\tnet\ttcp_on_state\t{now}").ShouldHaveSingleItem();
        said.ShouldStartWith($"6.1: net/tcp_on_state: {fault}");
    }

    [Fact]
    public void A_program_that_is_new_and_one_that_is_gone_are_to_be_recorded()
    {
        var said = Faults("6.1\tnet\tnew\t1\t8");
        said.Count.ShouldBe(2);
        said[0].ShouldStartWith("6.1: net/tcp_on_state: is gone");
        said[1].ShouldStartWith("6.1: net/new: is not recorded");
    }

    [Fact]
    public void A_program_that_was_refused_and_is_loaded_now_is_to_be_recorded() =>
        Compare("6.1\tnet\tx\trefused\tno", "6.1\tnet\tx\t1\t8").Faults.ShouldHaveSingleItem().ShouldStartWith("6.1: net/x: was refused, and is loaded now");

    [Fact]
    public void A_reason_for_a_refusal_may_change() => Compare("6.1\tnet\tx\trefused\tno", "6.1\tnet\tx\trefused\tnever").Faults.ShouldBeEmpty();

    [Fact]
    public void A_kernel_that_was_not_measured_is_not_compared() => Compare(Recorded, "7.2\tnet\ttcp_on_state\t1000\t248").Faults.ShouldBeEmpty();

    [Fact]
    public void A_kernel_without_a_record_has_to_load_what_the_next_older_one_loads()
    {
        var comparison = AccountComparison.Of(
            Parse("6.1\tnet\tx\trefused\tno", "6.12\tnet\tx\t1\t8", "6.12-confidentiality\tnet\tx\trefused\tno"),
            Parse("7.2\tnet\tx\trefused\tinvalid access", "7.2\tnet\ty\trefused\tno", "7.2-confidentiality\tnet\tx\trefused\tno"));
        comparison.Faults.ShouldHaveSingleItem().ShouldBe("7.2: net/x: 6.12 loads it, and here it is refused: invalid access");
        comparison.Remarks.Count.ShouldBe(2);
        comparison.Remarks[0].ShouldStartWith("7.2: no account is recorded of this kernel");
    }

    [Fact]
    public void Recording_replaces_what_was_measured_and_keeps_the_order_of_kernels()
    {
        var kept = AccountFile.Replace(
            Parse("6.12\tnet\tx\t1\t8", "5.10\tnet\tx\t1\t8", "5.10\tnet\tgone\t1\t8"),
            Parse("6.1-confidentiality\tnet\tx\trefused\tno", "5.10\tnet\tx\t2\t8"));
        kept.Select(a => a.ToString()).ShouldBe(["5.10\tnet\tx\t2\t8", "6.1-confidentiality\tnet\tx\trefused\tno", "6.12\tnet\tx\t1\t8"]);
    }

    [Theory]
    [InlineData("6.1\tnet\tx\t1")]
    [InlineData("6.1\tnet\tx\tmany\t8")]
    [InlineData("6.1\tnet\tx\t1\t8\tmore")]
    public void A_line_that_is_none_is_refused(string line) => Should.Throw<FormatException>(() => ProgramAccount.Parse(line));

    private static IReadOnlyList<string> Faults(string measured) => Compare(Recorded, measured).Faults;

    private static AccountComparison Compare(string recorded, string measured) => AccountComparison.Of(Parse(recorded), Parse(measured));

    private static ProgramAccount[] Parse(params string[] lines) => [.. lines.Select(ProgramAccount.Parse)];
}
