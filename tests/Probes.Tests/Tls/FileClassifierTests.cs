using System.Buffers.Binary;
using EbpfActors.Probes.Tests.Elf;
using EbpfActors.Probes.Tls;
using EbpfActors.Probes.Tls.Discovery;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Tls;

/// <summary>On the libraries of this machine, and on what somebody made of them.</summary>
public sealed class FileClassifierTests
{
    private const string Libraries = "/usr/lib/x86_64-linux-gnu";

    private static readonly byte[] LibSsl = File.ReadAllBytes($"{Libraries}/libssl.so.3");

    [Fact]
    public void Libssl_offers_every_call_of_a_session()
    {
        var found = Classify(LibSsl, "libssl.so.3");

        found.Flavour.ShouldBe(TlsFlavour.OpenSsl);
        found.Placement.ShouldStartWith("one probe for every read; else moved probes");
        found.Points.Select(p => (p.Call, p.Moment)).ShouldBe(
        [
            (TlsCall.Read, ProbeMoment.Entry), (TlsCall.Read, ProbeMoment.InnerResult), (TlsCall.Write, ProbeMoment.Entry),
            (TlsCall.Write, ProbeMoment.InnerResult), (TlsCall.ReadEx, ProbeMoment.Entry), (TlsCall.ReadEx, ProbeMoment.Return),
            (TlsCall.WriteEx, ProbeMoment.Entry), (TlsCall.WriteEx, ProbeMoment.Return), (TlsCall.Handshake, ProbeMoment.Entry),
            (TlsCall.Handshake, ProbeMoment.Return), (TlsCall.Free, ProbeMoment.Entry), (TlsCall.AnyRead, ProbeMoment.Done),
            (TlsCall.AnyRead, ProbeMoment.Done),
        ]);
        // Offsets in the file, not addresses: the bytes there are those of the jumps.
        found.Points.Where(p => p.Call == TlsCall.Read).ShouldAllBe(p => LibSsl[p.FileOffset] >= 0x70 && LibSsl[p.FileOffset] <= 0x7f);
    }

    [Fact]
    public void Libcrypto_offers_the_records_on_their_way_out()
    {
        var found = Classify(File.ReadAllBytes($"{Libraries}/libcrypto.so.3"), "libcrypto.so.3");

        found.Flavour.ShouldBe(TlsFlavour.OpenSsl);
        found.Points.ShouldHaveSingleItem().Call.ShouldBe(TlsCall.BioWrite);
    }

    [Fact]
    public void GnuTLS_offers_reads_writes_and_the_end()
    {
        var found = Classify(File.ReadAllBytes($"{Libraries}/libgnutls.so.30"), "libgnutls.so.30 (deleted)");

        found.Flavour.ShouldBe(TlsFlavour.GnuTls);
        found.Points.Select(p => p.Call).Distinct().ShouldBe([TlsCall.GnuTlsRecv, TlsCall.GnuTlsSend, TlsCall.GnuTlsDeinit]);
    }

    [Fact]
    public void A_file_of_another_name_is_told_by_what_it_exports()
    {
        Classify(LibSsl, "anything").Flavour.ShouldBe(TlsFlavour.OpenSsl);
    }

    [Fact]
    public void OpenSSLs_calls_on_top_of_GnuTLS_are_left_to_GnuTLS()
    {
        Classify(LibSsl, "libgnutls-openssl.so.27").ShouldBe(FileClassification.Nothing);
    }

    [Fact]
    public void Other_programs_and_libraries_offer_nothing()
    {
        var libc = Classify(File.ReadAllBytes($"{Libraries}/libc.so.6"), "libc.so.6");

        libc.Flavour.ShouldBeNull();
        libc.Unrecognised.ShouldBeNull();
        Classify(File.ReadAllBytes("/bin/sh"), "sh").IsProgram.ShouldBeTrue();
        Classify([.. "#!/bin/sh\n"u8], "script").ShouldBe(FileClassification.Nothing);
        Classify([], "empty").ShouldBe(FileClassification.Nothing);
    }

    [Theory]
    [InlineData("libjvm.so", "Java (libjvm.so)")]
    [InlineData("libssl3.so", "NSS (libssl3.so)")]
    [InlineData("libmbedtls.so.14", "Mbed TLS (libmbedtls.so)")]
    [InlineData("libssl.so.3", "libssl.so.3, not built for x86-64")]
    public void TLS_without_a_place_to_probe_is_named(string name, string what)
    {
        Classify([1, 2, 3], name).Unrecognised.ShouldBe(what);
    }

    [Fact]
    public void A_file_that_ends_anywhere_does_no_harm()
    {
        for (var length = 0; length < LibSsl.Length; length += length < 1024 ? 7 : 41077)
        {
            Classify(LibSsl[..length], "libx.so").Points.ShouldAllBe(p => p.FileOffset < (ulong)length);
        }
    }

    [Fact]
    public void A_header_with_any_value_in_any_field_does_no_harm()
    {
        for (var offset = 16; offset < 64 + 9 * 56; offset += 2)
        {
            foreach (var value in (ReadOnlySpan<ushort>)[0, 1, 0x7fff, 0xffff])
            {
                var file = LibSsl.ToArray();
                BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(offset), value);
                Classify(file, "libx.so").Points.ShouldAllBe(p => p.FileOffset < (ulong)file.Length);
            }
        }
    }

    [Fact]
    public void Section_headers_with_any_size_offset_and_link_do_no_harm()
    {
        var table = (int)BinaryPrimitives.ReadUInt64LittleEndian(LibSsl.AsSpan(40));
        var count = BinaryPrimitives.ReadUInt16LittleEndian(LibSsl.AsSpan(60));
        for (var section = 0; section < count; section++)
        {
            foreach (var field in (ReadOnlySpan<int>)[0, 24, 32, 40])
            {
                var file = LibSsl.ToArray();
                file.AsSpan(table + section * 64 + field, 8).Fill(0xff);
                Classify(file, "libx.so").Points.ShouldAllBe(p => p.FileOffset < (ulong)file.Length);
            }
        }
    }

    [Theory]
    [InlineData("/usr/lib/erlang/lib/crypto-5.1.3/priv/lib/crypto.so", "Erlang (crypto.so)")]
    [InlineData("/opt/release/lib/crypto-4.8/priv/lib/crypto.so", "Erlang (crypto.so)")]
    [InlineData("/usr/lib/lua/5.4/crypto.so", null)]
    public void TLS_that_takes_no_more_than_ciphers_from_a_library_is_named(string path, string? what) =>
        Classify([1, 2, 3], path).Unrecognised.ShouldBe(what);

    private static FileClassification Classify(byte[] file, string name) => FileClassifier.Classify(new MemoryFile(file), name);
}
