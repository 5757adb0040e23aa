using EbpfActors.Probes.Tls;
using EbpfActors.Probes.Tls.Placement;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Tls;

public sealed class CallPlacerTests
{
    [Fact]
    public void OpenSSL_3_0_is_probed_on_its_jumps_and_needs_no_uretprobe()
    {
        Place(TlsCall.Read, MachineCode.OpenSsl30Read).ShouldBe(
            [new(TlsCall.Read, ProbeMoment.Entry, 0x16), new(TlsCall.Read, ProbeMoment.InnerResult, 0x25, 0)]);
        Place(TlsCall.Write, MachineCode.OpenSsl30Write).ShouldBe(
            [new(TlsCall.Write, ProbeMoment.Entry, 0x16), new(TlsCall.Write, ProbeMoment.InnerResult, 0x25, 0)]);
    }

    [Fact]
    public void OpenSSL_1_1_1_moves_its_result_without_a_jump_so_the_next_one_is_probed_that_checks_the_stack()
    {
        Place(TlsCall.Read, MachineCode.OpenSsl111Read).ShouldBe(
            [new(TlsCall.Read, ProbeMoment.Entry, 0x16), new(TlsCall.Read, ProbeMoment.InnerResult, 0x37, 0)]);
        Place(TlsCall.Write, MachineCode.OpenSsl111Write).ShouldBe(
            [new(TlsCall.Write, ProbeMoment.Entry, 0x16), new(TlsCall.Write, ProbeMoment.InnerResult, 0x37, 0)]);
    }

    [Fact]
    public void OpenSSL_3_5_begins_with_endbr64_and_passes_the_count_as_fifth_argument_of_a_write()
    {
        Place(TlsCall.Read, MachineCode.OpenSsl35Read).ShouldBe(
            [new(TlsCall.Read, ProbeMoment.Entry, 0x1a), new(TlsCall.Read, ProbeMoment.InnerResult, 0x29, 0)]);
        Place(TlsCall.Write, MachineCode.OpenSsl35Write).ShouldBe(
            [new(TlsCall.Write, ProbeMoment.Entry, 0x1a), new(TlsCall.Write, ProbeMoment.InnerResult, 0x2b, 0)]);
    }

    [Fact]
    public void OpenSSL_3_6_is_both()
    {
        Place(TlsCall.Read, MachineCode.OpenSsl36Read).ShouldBe(
            [new(TlsCall.Read, ProbeMoment.Entry, 0x1a), new(TlsCall.Read, ProbeMoment.InnerResult, 0x3a, 0)]);
        Place(TlsCall.Write, MachineCode.OpenSsl36Write).ShouldBe(
            [new(TlsCall.Write, ProbeMoment.Entry, 0x1a), new(TlsCall.Write, ProbeMoment.InnerResult, 0x3c, 0)]);
    }

    [Fact]
    public void A_count_in_a_frame_with_a_base_pointer_is_found_from_the_stack_pointer()
    {
        // endbr64; push rbp; mov rbp,rsp; sub rsp,32; test edx,edx; js out; movsxd rdx,edx; lea rcx,[rbp-16]; call; test eax,eax;
        // jg good; leave; ret; good: mov eax,[rbp-16]; leave; ret; out: mov eax,-1; leave; ret
        Place(TlsCall.Read, new(0x1000, "f30f1efa554889e54883ec2085d278174863d2488d4df0e80001000085c07f02c9c38b45f0c9c3b8ffffffffc9c3")).ShouldBe(
            [new(TlsCall.Read, ProbeMoment.Entry, 0x4), new(TlsCall.Read, ProbeMoment.InnerResult, 0x1e, 16)]);
    }

    [Fact]
    public void Without_the_inner_function_entry_and_return_share_one_breakpoint()
    {
        Why(TlsCall.Read, MachineCode.NodeRead, out var points).ShouldBe("its inner function is inlined");
        points.ShouldBe([new(TlsCall.Read, ProbeMoment.Entry, 0), new(TlsCall.Read, ProbeMoment.Return, 0)]);
    }

    [Fact]
    public void A_return_is_not_probed_where_the_stack_has_moved()
    {
        // SSL_read_ex: sub rsp,8 stands before its call; gnutls_record_recv: sub rsp,8 before its first jump.
        Why(TlsCall.ReadEx, MachineCode.OpenSsl30ReadEx, out var points).ShouldBe("no emulated instruction at the entry");
        points.ShouldBe([new(TlsCall.ReadEx, ProbeMoment.Entry, 0), new(TlsCall.ReadEx, ProbeMoment.Return, 0)]);
        Why(TlsCall.GnuTlsRecv, MachineCode.GnuTlsRecv, out points).ShouldBe("no emulated instruction at the entry");
        points.ShouldBe([new(TlsCall.GnuTlsRecv, ProbeMoment.Entry, 0), new(TlsCall.GnuTlsRecv, ProbeMoment.Return, 0)]);
    }

    [Fact]
    public void A_jump_to_another_function_still_has_the_return_address_on_top_of_the_stack()
    {
        Place(TlsCall.GnuTlsSend, MachineCode.GnuTlsSend).ShouldBe(
            [new(TlsCall.GnuTlsSend, ProbeMoment.Entry, 5), new(TlsCall.GnuTlsSend, ProbeMoment.Return, 5)]);
    }

    [Fact]
    public void A_changed_argument_keeps_the_probe_at_the_first_instruction()
    {
        // SSL_write_ex of 3.5 has moved its fourth argument when it jumps on.
        Why(TlsCall.WriteEx, MachineCode.OpenSsl35WriteEx, out var points).ShouldNotBeNull();
        points.ShouldBe([new(TlsCall.WriteEx, ProbeMoment.Entry, 0), new(TlsCall.WriteEx, ProbeMoment.Return, 0)]);
    }

    [Fact]
    public void Calls_without_a_result_to_read_have_one_point()
    {
        Place(TlsCall.BioWrite, MachineCode.OpenSsl30BioWrite).ShouldBe([new(TlsCall.BioWrite, ProbeMoment.Entry, 0x16)]);
        Place(TlsCall.BioWrite, MachineCode.NodeBioWrite).ShouldBe([new(TlsCall.BioWrite, ProbeMoment.Entry, 0x4)]);
        Place(TlsCall.Free, MachineCode.OpenSsl35Free).ShouldBe([new(TlsCall.Free, ProbeMoment.Entry, 0x7)]);
    }

    [Theory]
    // SSL_read of OpenSSL 3.0 with one thing changed at a time.
    [InlineData("4889e1", "4889f1", "its count is not where the inner call was told to put it")] // rcx = rsi, not rsp
    [InlineData("8b0424", "8b0624", "its count is not where the inner call was told to put it")] // loads from rsi
    [InlineData("4863d2", "4863d7", "its inner function is inlined")] // the third argument is no longer the caller's
    [InlineData("85c07e03", "85c07403", "its count is not where the inner call was told to put it")] // je: not only positive
    [InlineData("85c07e03", "85db7e03", "its inner call's result is not tested at once")] // tests ebx
    [InlineData("31d231c931f631ffc3", "31d231c931f6ebd4c3", "other ways lead behind its inner call")] // jumps back to the call
    [InlineData("31d231c931f631ffc3", "31d231c9b001ebd9c3", "other ways lead behind its inner call")] // joins with al = 1
    public void What_is_not_proven_is_not_moved(string was, string becomes, string why)
    {
        var hex = MachineCode.OpenSsl30Read.Hex;
        hex.Split(was).Length.ShouldBe(2, "the pattern to change is there once");

        Why(TlsCall.Read, new(MachineCode.OpenSsl30Read.Address, hex.Replace(was, becomes, StringComparison.Ordinal)), out var points).ShouldBe(why);
        points.ShouldBe([new(TlsCall.Read, ProbeMoment.Entry, 0), new(TlsCall.Read, ProbeMoment.Return, 0)]);
    }

    [Fact]
    public void An_entry_that_the_function_comes_back_to_is_not_used()
    {
        // sub rsp,24; again: test edx,edx; js again; ...
        Why(TlsCall.BioWrite, new(0x1000, "4883ec1885d278fc4883c418c3"), out var points).ShouldNotBeNull();
        points.ShouldBe([new(TlsCall.BioWrite, ProbeMoment.Entry, 0)]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ff")]
    [InlineData("0f0b")]
    [InlineData("ffe0")]
    [InlineData("06060606")]
    public void Code_that_makes_no_sense_is_probed_plainly(string hex)
    {
        Why(TlsCall.Read, new(0x1000, hex), out var points).ShouldNotBeNull();
        points.ShouldBe([new(TlsCall.Read, ProbeMoment.Entry, 0), new(TlsCall.Read, ProbeMoment.Return, 0)]);
    }

    [Theory]
    [InlineData("90", true)]
    [InlineData("55", true)]
    [InlineData("4157", true)]
    [InlineData("7805", true)]
    [InlineData("0f8805000000", true)]
    [InlineData("e800000000", true)]
    [InlineData("eb10", true)]
    [InlineData("54", false)] // push rsp
    [InlineData("6690", false)]
    [InlineData("0f1f440000", false)]
    [InlineData("f30f1efa", false)] // endbr64
    [InlineData("4883ec18", false)] // sub rsp
    [InlineData("85d2", false)] // test
    [InlineData("4889e1", false)] // mov
    [InlineData("c3", false)] // ret
    [InlineData("66e800000000", false)]
    [InlineData("ffe0", false)] // jmp rax
    public void Only_what_every_kernel_since_5_10_emulates_counts_as_cheap(string hex, bool isEmulated) =>
        EmulatedInstruction.Is(Convert.FromHexString(hex)).ShouldBe(isEmulated);

    /// <summary>Points relative to the function; moved ones.</summary>
    private static IReadOnlyList<ProbePoint> Place(TlsCall call, MachineCode.Function function)
    {
        Why(call, function, out var points).ShouldBeNull();
        return points;
    }

    private static string? Why(TlsCall call, MachineCode.Function function, out IReadOnlyList<ProbePoint> points)
    {
        var code = new FunctionCode(function.Address, (ulong)function.Bytes.Length, (address, length) =>
            address == function.Address ? function.Bytes[..Math.Min(length, function.Bytes.Length)] : []);
        var placement = CallPlacer.Place(call, code);
        points = [.. placement.Points.Select(p => p with { FileOffset = p.FileOffset - function.Address })];
        return placement.Why;
    }
}
