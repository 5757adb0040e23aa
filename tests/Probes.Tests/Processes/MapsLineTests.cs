using System.Text;
using EbpfActors.Probes.Processes;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Processes;

public sealed class MapsLineTests
{
    [Fact]
    public void A_line_of_maps_is_read_with_its_device_in_hex_and_its_inode_in_decimal()
    {
        MapsLine.TryRead(42, "7f5a62406000-7f5a62408000 r-xp 00012000 fe:2a 8888600                    /usr/lib/lib ssl.so.3 (deleted)"u8, out var mapping)
            .ShouldBeTrue();

        mapping.Pid.ShouldBe(42);
        mapping.Start.ShouldBe(0x7f5a62406000u);
        mapping.End.ShouldBe(0x7f5a62408000u);
        mapping.Offset.ShouldBe(0x12000u);
        mapping.File.ShouldBe(FileIdentity.Of(254, 42, 8888600));
        Encoding.UTF8.GetString(mapping.Path).ShouldBe("/usr/lib/lib ssl.so.3 (deleted)");
    }

    [Theory]
    [InlineData("7f5a62406000-7f5a62408000 r--p 00012000 fe:2a 8888600    /usr/lib/x")]
    [InlineData("7f5a62406000-7f5a62408000 r-xp 00000000 00:00 0    [vdso]")]
    [InlineData("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]")]
    [InlineData("7f5a62406000-7f5a62408000 r-xp 00000000 00:00 0 ")]
    [InlineData("7f5a62406000-7f5a62408000 r-xp 00000000 00:0e 77   anon_inode:x")]
    [InlineData("7f5a62406000-7f5a62408000 r-xp")]
    [InlineData("7f5a62406000")]
    [InlineData("r-xp /usr/lib/x")]
    [InlineData("")]
    public void Other_lines_are_none(string line)
    {
        MapsLine.TryRead(42, Encoding.UTF8.GetBytes(line), out _).ShouldBeFalse();
    }

    [Fact]
    public void Code_is_opened_by_its_range_as_map_files_spells_it_and_knows_the_addresses_of_its_offsets()
    {
        MapsLine.TryRead(42, "00400000-00452000 r-xp 00001000 08:02 173521     /usr/bin/a"u8, out var mapping).ShouldBeTrue();

        var code = MappedCode.Of(mapping);

        code.Link("/proc", 42).ShouldBe("/proc/42/map_files/400000-452000");
        code.Address(0x1234).ShouldBe(0x400234u);
        code.Address(0xfff).ShouldBeNull();
        code.Address(0x53000).ShouldBeNull();
    }
}
