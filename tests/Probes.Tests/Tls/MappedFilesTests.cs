using System.Text;
using EbpfActors.Probes.Processes;
using EbpfActors.Probes.Tests.Elf;
using EbpfActors.Probes.Tests.Inspections;
using EbpfActors.Probes.Tls.Discovery;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Tls;

public sealed class MappedFilesTests : IDisposable
{
    private static readonly byte[] LibSsl = File.ReadAllBytes("/usr/lib/x86_64-linux-gnu/libssl.so.3");
    private static readonly byte[] LibCrypto = File.ReadAllBytes("/usr/lib/x86_64-linux-gnu/libcrypto.so.3");
    private static readonly FileIdentity Ssl = new(8, 1);
    private static readonly FileIdentity Crypto = new(8, 2);

    private readonly FilesInMemory _source = new();
    private readonly ToldFiles _told = new();
    private MappedFiles _files;

    public MappedFilesTests() => _files = new MappedFiles(_source, new InlineInspector(), _told, new TlsDiscoveryOptions());

    [Fact]
    public void A_file_is_looked_into_once_however_often_it_is_mapped()
    {
        _source.Add(Ssl, LibSsl);

        for (var pid = 1; pid < 10; pid++)
        {
            Map(pid, Ssl);
        }

        _told.Lines.ShouldBe(["found 1 by 1"]);
        _source.Opened.ShouldBe(1);
    }

    [Theory]
    [InlineData("/opt/app/*", true)]
    [InlineData("*/libssl.so.?", true)]
    [InlineData("/opt/app", false)]
    [InlineData("/OPT/*", false)]
    public void What_the_user_left_out_is_not_probed_and_named_once(string pattern, bool isLeftOut)
    {
        using var files = new MappedFiles(_source, new InlineInspector(), _told, new TlsDiscoveryOptions { Exclude = ["/elsewhere/*", pattern] });
        (_files, var usual) = (files, _files);
        _source.Add(Ssl, LibSsl);

        Map(1, Ssl, "/opt/app/libssl.so.3");
        Map(2, Ssl, "/opt/app/libssl.so.3");

        _told.Lines.ShouldBe([isLeftOut ? "left out /opt/app/libssl.so.3 by 1" : "found 1 by 1"]);
        _files = usual;
    }

    [Fact]
    public void Libcrypto_waits_for_libssl_in_either_order()
    {
        _source.Add(Ssl, LibSsl);
        _source.Add(Crypto, LibCrypto);

        Map(1, Crypto, "/lib/libcrypto.so.3");
        _told.Lines.ShouldBeEmpty();
        Map(2, Ssl);

        _told.Lines.ShouldBe(["found 2 by 1", "found 1 by 2"], ignoreOrder: true);
    }

    [Fact]
    public void A_libcrypto_that_nobody_was_told_of_goes_without_a_word()
    {
        _source.Add(Crypto, LibCrypto);
        Map(1, Crypto, "/lib/libcrypto.so.3");

        Scan();
        Scan();
        Scan();

        _told.Lines.ShouldBeEmpty();
        _source.StillOpen.ShouldBe(0);
    }

    [Fact]
    public void A_file_is_gone_when_two_scans_have_not_seen_it()
    {
        _source.Add(Ssl, LibSsl);
        Map(1, Ssl);

        Scan(Ssl);
        Scan();
        _told.Lines.ShouldBe(["found 1 by 1"]);
        _source.StillOpen.ShouldBe(1);
        Scan();

        _told.Lines.ShouldBe(["found 1 by 1", "gone 1"]);
        _source.StillOpen.ShouldBe(0);
    }

    [Fact]
    public void A_mapping_between_scans_keeps_a_file_alive()
    {
        _source.Add(Ssl, LibSsl);
        Map(1, Ssl);

        for (var i = 0; i < 5; i++)
        {
            Scan();
            Map(i, Ssl);
        }

        _told.Lines.ShouldBe(["found 1 by 1"]);
    }

    [Fact]
    public void The_same_file_in_two_overlays_and_beneath_is_found_once_and_gone_with_the_last()
    {
        _source.Add(Ssl, LibSsl, overlay: true);
        _source.Add(new(9, 1), LibSsl, overlay: true);
        _source.Add(new(10, 1), LibSsl);
        Map(1, Ssl);
        Map(2, new(9, 1));
        Map(3, new(10, 1));

        Scan(new FileIdentity(10, 1));
        Scan(new FileIdentity(10, 1));
        Scan(new FileIdentity(10, 1));
        _told.Lines.ShouldBe(["found 1 by 1"]);
        Scan();
        Scan();

        _told.Lines.ShouldBe(["found 1 by 1", "gone 1"]);
        _source.StillOpen.ShouldBe(0);
    }

    [Fact]
    public void Equal_files_on_two_devices_are_two()
    {
        _source.Add(Ssl, LibSsl);
        _source.Add(new(9, 1), LibSsl);

        Map(1, Ssl);
        Map(2, new(9, 1));

        _told.Lines.ShouldBe(["found 1 by 1", "found 1 by 2"]);
    }

    [Fact]
    public void A_copy_in_the_upper_layer_is_another_file_behind_the_same_identity()
    {
        _source.Add(Ssl, LibSsl, overlay: true);
        Map(1, Ssl);
        _source.Add(Ssl, LibSsl, overlay: true, born: 7);
        Map(2, Ssl);
        Map(3, Ssl);

        _told.Lines.ShouldBe(["found 1 by 1", "found 1 by 2"]);
        _told.Found.Select(t => t.File).Distinct().Count().ShouldBe(2);
        Scan();
        Scan();
        _told.Lines.Skip(2).ShouldBe(["gone 1", "gone 1"]);
    }

    [Fact]
    public void An_inode_number_given_to_another_file_is_looked_into_again()
    {
        _source.Add(Ssl, [.. "no ELF"u8]);
        Map(1, Ssl, "/bin/x", generation: 5);
        _source.Add(Ssl, LibSsl);

        Map(2, Ssl, "/bin/x", generation: 5);
        _told.Lines.ShouldBeEmpty();
        Map(3, Ssl, "/bin/x", generation: 6);

        _told.Lines.ShouldBe(["found 1 by 3"]);
    }

    [Fact]
    public void A_file_whose_process_is_gone_is_looked_into_when_another_one_maps_it()
    {
        Map(1, Ssl);
        _told.Lines.ShouldBeEmpty();
        _files.Vanished.ShouldBe(1);

        _source.Add(Ssl, LibSsl);
        Map(2, Ssl);

        _told.Lines.ShouldBe(["found 1 by 2"]);
    }

    [Fact]
    public void A_file_that_could_not_be_opened_is_tried_for_another_process_and_its_problem_is_over_then()
    {
        _source.Problem = "Too many open files";
        Map(1, Ssl);

        _source.Add(Ssl, LibSsl);
        Map(2, Ssl);

        _told.Lines.ShouldBe(["failed /lib/libssl.so.3 by 1: Too many open files", "settled 1", "found 1 by 2"]);
    }

    [Fact]
    public void Where_nothing_can_be_opened_a_file_is_tried_some_times_in_each_scan()
    {
        _source.Problem = "Permission denied";

        for (var pid = 1; pid <= 100; pid++)
        {
            Map(pid, Ssl);
        }

        var inOne = _source.Asked;
        inOne.ShouldBeInRange(2, 10);
        Scan(Ssl);
        _source.Asked.ShouldBe(inOne + 1);
    }

    [Fact]
    public void What_is_told_of_a_file_that_is_not_captured_is_over_with_the_file()
    {
        using var files = new MappedFiles(_source, new InlineInspector(), _told, new TlsDiscoveryOptions { Exclude = ["*/libssl.so.3"] });
        (_files, var usual) = (files, _files);
        _source.Add(Ssl, LibSsl);
        _source.Add(new(8, 3), [1]);
        Map(1, Ssl);
        Map(2, new(8, 3), "/opt/libjvm.so");
        Map(3, new(8, 4), "/opt/gone"); // nothing is told of this one
        _source.Problem = "Permission denied";
        Map(4, new(8, 5), "/opt/closed");

        Scan();
        _told.Lines.Count(l => l.StartsWith("settled", StringComparison.Ordinal)).ShouldBe(0);
        Scan();

        _told.Lines.Where(l => l.StartsWith("settled", StringComparison.Ordinal)).ShouldBe(["settled 1", "settled 3", "settled 5"], ignoreOrder: true);
        _files = usual;
    }

    [Fact]
    public void A_process_with_unprobed_TLS_is_told_once_and_again_when_its_number_is_another_process()
    {
        _source.Add(Ssl, [1]);
        Map(1, Ssl, "/opt/libjvm.so");
        Map(1, Ssl, "/opt/libjvm.so");
        Map(2, Ssl, "/opt/libjvm.so");
        _told.Lines.ShouldBe(["1 process1: Java (libjvm.so)", "2 process2: Java (libjvm.so)"]);

        Scan();
        Map(1, Ssl, "/opt/libjvm.so");

        _told.Lines.Skip(2).ShouldBe(["1 process1: Java (libjvm.so)"]);
    }

    [Fact]
    public void A_program_is_searched_for_traces_later()
    {
        _source.Add(Ssl, new ElfBuilder([0xc3]).Section(".rodata", [.. "x BoringSSL y"u8]).Bytes());
        Map(1, Ssl, "/bin/chrome");
        _told.Lines.ShouldBeEmpty();

        _files.SearchOne().ShouldBeTrue();
        _files.SearchOne().ShouldBeFalse();

        _told.Lines.ShouldBe(["1 process1: BoringSSL, linked in"]);
        Map(2, Ssl, "/bin/chrome");
        _told.Lines.Count.ShouldBe(2);
        _source.StillOpen.ShouldBe(0);
    }

    [Fact]
    public void Files_and_targets_are_bounded_and_the_bound_is_told_once()
    {
        _files = new MappedFiles(_source, new InlineInspector(), _told, new TlsDiscoveryOptions { MaxTargets = 2, MaxFiles = 10 });
        for (var i = 1UL; i <= 100; i++)
        {
            _source.Add(new(8, i), i % 20 == 0 ? LibSsl : [1]);
            Map(1, new(8, i), "/bin/x");
            _files.Known.ShouldBeLessThanOrEqualTo(10);
        }

        _told.Lines.Count.ShouldBe(3);
        _told.Lines[2].ShouldStartWith("failed /bin/x by 1: already 2 files");
        _source.StillOpen.ShouldBe(2);
    }

    [Fact]
    public void A_file_that_could_not_be_taken_for_the_moment_is_told_again_at_growing_intervals_until_it_is()
    {
        var time = new FakeTimeProvider();
        _files = new MappedFiles(_source, new InlineInspector(), _told, new TlsDiscoveryOptions(), time);
        _source.Add(Ssl, LibSsl);
        _told.Take = () => false;
        Map(1, Ssl);

        var waits = Enumerable.Range(0, 9).Select(_ =>
        {
            var wait = _files.TellAgain();
            time.Advance(wait);
            return wait.TotalSeconds;
        }).ToList();
        _told.Take = () => true;

        waits.ShouldBe([1, 2, 4, 8, 16, 32, 60, 60, 60]);
        _files.TellAgain().ShouldBe(TimeSpan.MaxValue);
        _told.Lines.ShouldBe(Enumerable.Repeat("found 1 by 1", 10));
        _source.Opened.ShouldBe(1);
    }

    [Fact]
    public void A_file_that_could_not_be_taken_is_told_no_more_once_nobody_maps_it()
    {
        var time = new FakeTimeProvider();
        _files = new MappedFiles(_source, new InlineInspector(), _told, new TlsDiscoveryOptions(), time);
        _source.Add(Ssl, LibSsl);
        _told.Take = () => false;
        Map(1, Ssl);

        Scan();
        Scan();
        time.Advance(TimeSpan.FromHours(1));

        _files.TellAgain().ShouldBe(TimeSpan.MaxValue);
        _told.Lines.ShouldBe(["found 1 by 1", "gone 1"]);
    }

    [Fact]
    public void A_sink_that_throws_is_told_again_and_later()
    {
        var time = new FakeTimeProvider();
        _files = new MappedFiles(_source, new InlineInspector(), _told, new TlsDiscoveryOptions(), time);
        _source.Add(Ssl, LibSsl);
        _told.Take = () => throw new InvalidOperationException("a test");

        Should.Throw<InvalidOperationException>(() => Map(1, Ssl));

        _files.TellAgain().ShouldBe(TimeSpan.FromSeconds(1));
        _told.Lines.Count.ShouldBe(1);
    }

    [Fact]
    public void A_file_that_found_no_room_is_captured_when_another_one_goes()
    {
        _files = new MappedFiles(_source, new InlineInspector(), _told, new TlsDiscoveryOptions { MaxTargets = 1 });
        _source.Add(Ssl, LibSsl);
        _source.Add(new(8, 7), LibSsl);
        Map(1, Ssl);
        Map(2, new(8, 7));

        Scan(new FileIdentity(8, 7));
        _source.Opened.ShouldBe(2, "it is not looked into as long as there is no room");
        Scan(new FileIdentity(8, 7));
        Scan(new FileIdentity(8, 7));

        _told.Lines.ShouldBe(["found 1 by 1", "failed /lib/libssl.so.3 by 2: already 1 files with TLS; this and further ones are not captured", "gone 1", "settled 0", "found 7 by 99"]);
        _source.StillOpen.ShouldBe(1);
    }

    [Fact]
    public void A_program_that_found_no_room_is_searched_for_traces_when_others_were()
    {
        _files = new MappedFiles(_source, new InlineInspector(), _told, new TlsDiscoveryOptions { MaxUnsearched = 1 });
        _source.Add(Ssl, new ElfBuilder([0xc3]).Section(".rodata", [.. "x BoringSSL y"u8]).Bytes());
        _source.Add(Crypto, new ElfBuilder([0xc3]).Section(".rodata", [.. "x rustls-0. y"u8]).Bytes());
        Map(1, Ssl, "/bin/chrome");
        Map(2, Crypto, "/bin/other");
        _files.SearchOne().ShouldBeTrue();
        _files.SearchOne().ShouldBeFalse();

        Map(3, Crypto, "/bin/other");
        _files.SearchOne().ShouldBeTrue();

        _told.Lines.ShouldBe(["1 process1: BoringSSL, linked in", "3 process3: rustls"]);
        _source.StillOpen.ShouldBe(0);
    }

    [Fact]
    public void A_file_that_costs_more_than_one_may_is_named_once_counted_and_left_alone()
    {
        _files = new MappedFiles(_source, new InlineInspector { Bytes = 10_000 }, _told, new TlsDiscoveryOptions());
        _source.Add(Ssl, LibSsl);

        Map(1, Ssl);
        Map(2, Ssl);

        _told.Lines.ShouldBe(["failed /lib/libssl.so.3 by 1: looking into it takes more than one file may cost; it is left alone"]);
        _files.Looks.OverBudget.ShouldBe(1);
        _source.Opened.ShouldBe(1);
        _source.StillOpen.ShouldBe(0);
    }

    [Fact]
    public void What_is_not_known_is_left_alone_once_new_files_are_not_wanted()
    {
        _source.Add(Ssl, LibSsl);
        _source.Add(new(8, 7), LibSsl);
        Map(1, Ssl);
        _files.TakesNew = false;

        Map(2, Ssl);
        Map(2, new(8, 7));

        _told.Lines.ShouldBe(["found 1 by 1"]);
        _files.Known.ShouldBe(1);
    }

    public void Dispose() => _files.Dispose();

    private void Map(int pid, FileIdentity file, string path = "/lib/libssl.so.3", ulong generation = 0) =>
        _files.Mapped(new Mapping(pid, 0x1000, 0x2000, file, generation, Encoding.UTF8.GetBytes(path)));

    private void Scan(params FileIdentity[] mapped)
    {
        _files.BeginScan();
        foreach (var file in mapped)
        {
            Map(99, file);
        }

        _files.EndScan();
    }
}
