using System.Text;
using EbpfActors.Probes.Processes;
using EbpfActors.Probes.Tls.Discovery;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Tls;

public sealed class MappingRecordTests
{
    [Fact]
    public void A_record_of_the_kernel_is_read()
    {
        Mmap2Record.Kind(Record("/usr/lib/a\0\0\0\0\0\0")).ShouldBe(Mmap2Record.Mmap2);
        Mmap2Record.TryRead(Record("/usr/lib/a\0\0\0\0\0\0"), out var mapping).ShouldBeTrue();

        mapping.Pid.ShouldBe(0x35ed);
        mapping.Start.ShouldBe(0x7f5a62406000u);
        mapping.End.ShouldBe(0x7f5a62408000u);
        mapping.File.ShouldBe(FileIdentity.Of(254, 1, 0x87a1d8));
        mapping.Offset.ShouldBe(0x1000u);
        mapping.Generation.ShouldBe(0xabcdu);
        Encoding.UTF8.GetString(mapping.Path).ShouldBe("/usr/lib/a");
    }

    [Theory]
    [InlineData("//anon\0\0")]
    [InlineData("[vdso]\0\0")]
    [InlineData("\0\0\0\0\0\0\0\0")]
    [InlineData("")]
    public void A_record_of_memory_without_a_file_is_none(string path)
    {
        Mmap2Record.TryRead(Record(path), out _).ShouldBeFalse();
    }

    [Fact]
    public void A_record_of_any_length_does_no_harm()
    {
        var record = Record("/usr/lib/a\0\0\0\0\0\0");
        for (var length = 0; length <= 72; length++)
        {
            Mmap2Record.TryRead(record.AsSpan(0, length), out _).ShouldBeFalse();
        }
    }

    [Fact]
    public void Lost_records_are_counted_by_the_kernels_word()
    {
        // PERF_RECORD_LOST: header, id, lost.
        var record = Convert.FromHexString("02000000" + "0000" + "1800" + "0700000000000000" + "2a01000000000000");

        Mmap2Record.Kind(record).ShouldBe(Mmap2Record.Lost);
        Mmap2Record.LostRecords(record).ShouldBe(298u);
    }

    [Theory]
    [InlineData("0-3\n", new[] { 0, 1, 2, 3 })]
    [InlineData("0,2-3,8\n", new[] { 0, 2, 3, 8 })]
    [InlineData("0\n", new[] { 0 })]
    [InlineData("\n", new int[0])]
    [InlineData("x-y,2\n", new[] { 2 })]
    public void The_list_of_cpus_is_read(string text, int[] cpus)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["online"], text);

        MappingWatch.Cpus(folder["online"]).ShouldBe(cpus);
    }

    private static byte[] Record(string path) =>
    [
        .. Convert.FromHexString(
            "0a000000" + "0200" + "5800" + // PERF_RECORD_MMAP2, misc, size
            "ed350000" + "ed350000" + // pid, tid
            "006040625a7f0000" + "0020000000000000" + "0010000000000000" + // address, length, offset in pages
            "fe000000" + "01000000" + "d8a1870000000000" + "cdab000000000000" + // device, inode, generation
            "05000000" + "02000000"), // protection, flags
        .. Encoding.UTF8.GetBytes(path),
    ];
}
