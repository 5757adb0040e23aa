using System.Runtime.InteropServices;
using System.Text;
using EbpfActors.Probes.Bash;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Tests.Bpf;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Bash;

public sealed class BashTests
{
    [Theory]
    [InlineData("bash_file", typeof(BashFile))]
    [InlineData("bash_place", typeof(BashPlace))]
    [InlineData("bash_process", typeof(BashProcess))]
    [InlineData("bash_shell", typeof(BashShell))]
    [InlineData("bash_line", typeof(BashLine))]
    public void Managed_structures_match_the_compiled_object(string name, Type managed)
    {
        using var bash = BpfObject.Open("bash");
        var native = BtfLayout.Struct(bash, name);

        Marshal.SizeOf(managed).ShouldBe(native.Size);
        foreach (var member in native.Members)
        {
            var field = string.Concat(member.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
            ((int)Marshal.OffsetOf(managed, field)).ShouldBe(native[member], member);
        }
    }

    [Fact]
    public void Lines_have_the_two_sizes_of_the_compiled_object_and_losses_its_numbers()
    {
        using var bash = BpfObject.Open("bash");

        BashLine.ShortBytes.ShouldBe(BtfLayout.Struct(bash, "bash_short_line").Size);
        BashLine.LongBytes.ShouldBe(BtfLayout.Struct(bash, "bash_long_line").Size);
        var losses = BtfLayout.Enum(bash, "bash_loss");
        losses.Members.Count.ShouldBe(Enum.GetValues<BashLoss>().Length + 1); // LOSS_COUNT
        losses["LOSS_LINE_RING_FULL"].ShouldBe((int)BashLoss.LineRingFull);
        losses["LOSS_LINE_UNREADABLE"].ShouldBe((int)BashLoss.LineUnreadable);
        losses["LOSS_EXEC_RING_FULL"].ShouldBe((int)BashLoss.ExecRingFull);
    }

    [Fact]
    public void A_line_of_literal_bytes_is_read()
    {
        var bytes = new byte[BashLine.ShortBytes];
        Convert.FromHexString(
            "0102000000000000"
            + "0A00000000000000" + "0010000000000000" + "01001000" + "07000000"
            + "0200000000000000" + "01000008" + "00FCFFEF" + "FDFFFFEF" + "00000000"
            + "D2040000" + "E8030000" + "02000000" + "03000000" + "01000000" + "00000000" + "6C73").CopyTo(bytes, 0);

        BashLine.TryRead(bytes, out var line, out var text).ShouldBeTrue();

        (line.TimeNs, line.Tgid, line.Uid).ShouldBe((0x201ul, 1234u, 1000u));
        line.File.ShouldBe(new BashFile { Ino = 10, Size = 0x1000, Dev = 0x100001, Generation = 7 });
        (line.Owner, line.IsKnown).ShouldBe((3u, 1u));
        line.Place.ShouldBe(new BashPlace { RootIno = 2, RootDev = 0x8000001, Mounts = 0xeffffc00, Users = 0xeffffffd });
        Encoding.UTF8.GetString(text).ShouldBe("ls");
    }

    [Theory]
    [InlineData(0, 0u)]
    [InlineData(335, 2u)]
    [InlineData(336, 256u)]
    [InlineData(336, uint.MaxValue)]
    [InlineData(4184, 4104u)]
    public void Bytes_that_are_no_line_are_refused(int size, uint length)
    {
        var bytes = new byte[size];
        if (size >= 80)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(64), length);
        }

        BashLine.TryRead(bytes, out _, out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("abc", 3, "abc", false)]
    [InlineData("abcd", 3, "abc", true)]
    [InlineData("abü", 3, "ab", true)]
    [InlineData("üü", 2, "ü", true)]
    public void A_long_line_is_cut_between_characters(string line, int most, string kept, bool isCut) =>
        CommandText.Of(Encoding.UTF8.GetBytes(line), most).ShouldBe((kept, isCut));

    [Fact]
    public void Of_several_accounts_with_one_number_the_first_has_it_and_other_lines_do_not_matter() =>
        PasswdFile.Parse("root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/:\n\n# comment\nbroken\n:x:5:5::/:\nalice:x:1000:1000:Alice A.:/home/a:/bin/sh\nx:y:-1:0:::"u8)
            .ShouldBe(new Dictionary<uint, string> { [0] = "root", [1000] = "alice" });

    [Theory]
    [InlineData(100_000u, 0u)]
    [InlineData(101_000u, 1000u)]
    [InlineData(7u, 7u)]
    public void A_user_of_another_user_namespace_has_its_number_there(uint outside, uint inside) =>
        UserNames.Translate(["         0     100000      65536"], outside).ShouldBe(inside);
}
