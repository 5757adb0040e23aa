using EbpfActors.Probes.Tls;
using EbpfActors.Probes.Tls.Placement;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Tls;

/// <summary>Where all reads of OpenSSL end, by the machine code of real libraries and by what becomes of it when one thing changes.</summary>
public sealed class ReadEndTests
{
    // rbx, rbp, r12, r13, r14 are 0 to 4.
    private static readonly DoneRegisters Usual = new(Session: 0, Buffer: 1, Count: 4, Peek: 3);

    [Fact]
    public void OpenSSL_1_1_1_ends_on_two_jumps() =>
        Find(MachineCode.OpenSsl111ReadEnd.Hex).ShouldBe([Point(0x71, new(Session: 1, Buffer: 2, Count: 4, Peek: 3)), Point(0xda, new(1, 2, 4, 3))]);

    [Fact]
    public void OpenSSL_3_0_ends_on_two_jumps() => Find(MachineCode.OpenSsl30ReadEnd.Hex).ShouldBe([Point(0x63, Usual), Point(0xda, Usual)]);

    [Fact]
    public void OpenSSL_3_5_ends_on_two_jumps() => Find(MachineCode.OpenSsl35ReadEnd.Hex).ShouldBe([Point(0x66, Usual), Point(0xdd, Usual)]);

    [Theory]
    [InlineData("83f8ff742b", "83f8fe742b", "what is taken for -2 may be a success, and passes the second point too")]
    [InlineData("83f8ff742b", "83f8ff752b", "only what is not -1 goes to the second point")]
    [InlineData("4989d4554889f5", "4989d4554889fd", "nobody keeps the buffer")]
    [InlineData("41564d89c6", "41564d89ce", "nobody keeps where the count is")]
    [InlineData("554889f5534889fb", "554889f5534889f3", "nobody keeps the object")]
    [InlineData("4531c04531c9c3", "4531c031c09090c3", "the result is changed behind the point")]
    [InlineData("8b44240ceb93", "8b44240cffe0", "the second way leads nobody knows where")]
    public void What_is_not_proven_is_not_used(string was, string becomes, string why)
    {
        var hex = MachineCode.OpenSsl30ReadEnd.Hex;
        hex.Split(was).Length.ShouldBe(2, "the pattern to change is there once");

        Find(hex.Replace(was, becomes, StringComparison.Ordinal)).ShouldBeEmpty(why);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ff")]
    [InlineData("c3")]
    [InlineData("ffd0c3")]
    [InlineData("ebfe")]
    [InlineData("ffd074fec3")]
    public void Code_that_makes_no_sense_has_no_end(string hex) => Find(hex).ShouldBeEmpty();

    private static ProbePoint Point(ulong offset, DoneRegisters registers) => new(TlsCall.AnyRead, ProbeMoment.Done, offset, Registers: registers);

    /// <summary>Points relative to the function.</summary>
    private static List<ProbePoint> Find(string hex)
    {
        const ulong Address = 0x10000;
        var bytes = Convert.FromHexString(hex);
        var code = new FunctionCode(Address, (ulong)bytes.Length, (address, length) => address == Address ? bytes[..Math.Min(length, bytes.Length)] : []);
        return ReadEnd.Find(code).ConvertAll(p => p with { FileOffset = p.FileOffset - Address });
    }
}
