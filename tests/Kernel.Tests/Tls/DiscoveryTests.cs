using System.Diagnostics;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Tls;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Tls;

public sealed class DiscoveryTests
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void A_library_mapped_before_the_start_is_found_by_the_scan()
    {
        using var library = new LibraryCopy();
        var user = library.Use();
        UntilMapped(user, library.Path);

        using var recorder = new DiscoveryRecorder();

        var (target, pid) = recorder.UntilFound(library.Path);
        pid.ShouldBe(user.Id);
        target.Flavour.ShouldBe(TlsFlavour.OpenSsl);
        target.File.Inode.ShouldBe(Inode(library.Path));
        target.Points.Select(p => p.Call).ShouldContain(TlsCall.Read);
    }

    [Fact]
    public void A_library_mapped_later_is_found_at_once_and_only_once()
    {
        using var recorder = new DiscoveryRecorder();
        var hook = recorder.Discovery.Status.Hook;
        (hook.Hook, hook.Rung, hook.Problem).ShouldBe(("tls-discovery", "PERF_RECORD_MMAP2", ""));
        using var library = new LibraryCopy();

        var first = library.Use();
        recorder.UntilFound(library.Path).Pid.ShouldBe(first.Id);
        UntilMapped(library.Use(), library.Path);
        using var other = new LibraryCopy();
        other.Use();

        // The other one was mapped last: what there was to say of the second program has been said.
        recorder.UntilFound(other.Path);
        recorder.Found(library.Path).Count.ShouldBe(1);
    }

    [Fact]
    public void Where_mappings_are_not_told_a_library_mapped_later_is_found_by_a_scan()
    {
        using var recorder = new DiscoveryRecorder(Often, "tls-discovery:mmap2");
        var hook = recorder.Discovery.Status.Hook;
        (hook.Rung, hook.Problem).ShouldBe(("/proc", TlsHooks.Discovery["proc"].Cost));
        hook.Refused.ShouldBe([new HookRefusal("mmap2", WithoutHooks.Reason)]);
        using var library = new LibraryCopy();

        var user = library.Use();

        recorder.UntilFound(library.Path).Pid.ShouldBe(user.Id);
    }

    [Fact]
    public void Where_mappings_are_not_told_and_scans_not_wanted_only_what_was_there_at_the_start_is_found_and_let_go()
    {
        using var early = new LibraryCopy();
        var user = early.Use();
        UntilMapped(user, early.Path);
        using var recorder = new DiscoveryRecorder(Often, "tls-discovery");
        var hook = recorder.Discovery.Status.Hook;
        (hook.Rung, hook.Problem).ShouldBe(("", TlsHooks.Discovery.Without));
        using var late = new LibraryCopy();
        UntilMapped(late.Use(), late.Path);

        recorder.UntilScannedAgain(2);
        recorder.Found(late.Path).ShouldBeEmpty();
        var (target, _) = recorder.UntilFound(early.Path);
        user.Kill();
        recorder.Until(() => recorder.Gone.Contains(target.File), "the early one is let go");
    }

    [Fact]
    public void A_library_whose_program_is_already_gone_is_found_by_its_path()
    {
        using var recorder = new DiscoveryRecorder();
        using var library = new LibraryCopy();

        library.Start("true", "", library.Path).WaitForExit();

        var (target, _) = recorder.UntilFound(library.Path);
        File.ReadAllBytes(target.AttachPath).ShouldBe(File.ReadAllBytes(LibraryCopy.Original));
    }

    [Fact]
    public void A_deleted_library_can_still_be_opened_by_the_attach_path_after_its_program_ended()
    {
        using var library = new LibraryCopy();
        var user = library.Use();
        UntilMapped(user, library.Path);
        File.Delete(library.Path);

        using var recorder = new DiscoveryRecorder();
        var (target, pid) = recorder.UntilFound(library.Path + " (deleted)");
        pid.ShouldBe(user.Id);
        LibraryCopy.Stop(user);

        File.ReadAllBytes(target.AttachPath).ShouldBe(File.ReadAllBytes(LibraryCopy.Original));
    }

    [Fact]
    public void A_library_of_another_mount_namespace_is_found()
    {
        using var recorder = new DiscoveryRecorder();
        using var library = new LibraryCopy();
        Directory.CreateDirectory($"{library.Folder}/inside");

        library.Start("unshare", Bash($"mount -t tmpfs none inside; cp {library.Path} inside/libssl.so.3; LD_PRELOAD=$PWD/inside/libssl.so.3 sleep 1000", library));

        var (target, _) = recorder.UntilFound($"{library.Folder}/inside/libssl.so.3");
        File.Exists($"{library.Folder}/inside/libssl.so.3").ShouldBeFalse();
        File.ReadAllBytes(target.AttachPath).ShouldBe(File.ReadAllBytes(LibraryCopy.Original));
    }

    [Fact]
    public void A_file_below_two_overlays_is_one_file_and_its_copy_another_one_whatever_becomes_of_that()
    {
        using var recorder = new DiscoveryRecorder();
        using var library = new LibraryCopy();
        Directory.CreateDirectory($"{library.Folder}/t");

        library.Start("unshare", Bash(
            $"""
            mount -t tmpfs none t; cd t; mkdir low u1 w1 one u2 w2 two; cp {library.Path} low/libssl.so.3
            mount -t overlay o -o lowerdir=low,upperdir=u1,workdir=w1 one
            mount -t overlay o -o lowerdir=low,upperdir=u2,workdir=w2 two
            use() (LD_PRELOAD=$PWD/$1/libssl.so.3 sleep 1000 & until grep -q $PWD/$1 /proc/$!/maps; do :; done)
            use one; until [ -e ../go ]; do :; done; use two; use low
            chmod 700 two/libssl.so.3
            use two; use two
            chmod 755 two/libssl.so.3; ln two/libssl.so.3 two/another; echo >> two/libssl.so.3
            use two
            cp low/libssl.so.3 low/libssl.so.last; LD_PRELOAD=$PWD/low/libssl.so.last sleep 1000
            """, library));

        // Two CPUs tell of their mappings side by side: which of two comes first is not certain.
        recorder.UntilFound("/t/one/libssl.so.3");
        File.WriteAllText($"{library.Folder}/go", "");
        recorder.UntilFound("/t/low/libssl.so.last");
        var found = recorder.Found("/libssl.so.3").Where(f => f.Target.MappedPath.StartsWith(library.Folder, StringComparison.Ordinal)).ToList();
        found.Select(f => f.Target.MappedPath[library.Folder.Length..]).ShouldBe(["/t/one/libssl.so.3", "/t/two/libssl.so.3"]);
        found.Select(f => f.Target.File).Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public void A_file_that_no_program_maps_any_more_is_gone_and_found_again_when_one_does()
    {
        using var recorder = new DiscoveryRecorder(Often);
        using var library = new LibraryCopy();
        var user = library.Use();
        var file = recorder.UntilFound(library.Path).Target.File;
        recorder.UntilScannedAgain(3);
        recorder.Gone.ShouldNotContain(file);

        LibraryCopy.Stop(user);

        recorder.Until(() => recorder.Gone.Contains(file), "gone");
        library.Use();
        recorder.Until(() => recorder.Found(library.Path).Count == 2, "found again");
        recorder.Gone.Count(f => f == file).ShouldBe(1);
    }

    [Fact]
    public void A_program_with_unprobed_TLS_is_named_once()
    {
        using var recorder = new DiscoveryRecorder(Often);
        using var library = new LibraryCopy("libjvm.so");

        var user = library.Use();

        recorder.Until(() => recorder.NotRecognised.Any(n => n.Pid == user.Id), "named");
        recorder.UntilScannedAgain(3);
        recorder.NotRecognised.Where(n => n.Pid == user.Id).ShouldBe([(user.Id, "sleep", "Java (libjvm.so)")]);
    }

    [Fact]
    public void A_program_with_rustls_linked_in_is_named()
    {
        using var recorder = new DiscoveryRecorder();
        using var library = new LibraryCopy();
        var program = File.ReadAllBytes("/usr/bin/sleep");
        // A text of its constants, of the same length.
        var text = program.AsSpan().IndexOf("Pause for NUMBER seconds"u8);
        text.ShouldBeGreaterThan(0);
        "/rustls-0.23.4/src/x.rs "u8.CopyTo(program.AsSpan(text));
        File.WriteAllBytes($"{library.Folder}/rusty", program);
        Shell.Run("chmod", $"700 {library.Folder}/rusty");

        var user = library.Start($"{library.Folder}/rusty", "1000");

        recorder.Until(() => recorder.NotRecognised.Contains((user.Id, "rusty", "rustls")), "named");
    }

    [Fact]
    public void Libcrypto_is_told_when_there_is_a_libssl()
    {
        using var recorder = new DiscoveryRecorder();
        using var library = new LibraryCopy();
        library.Use();

        recorder.UntilFound(library.Path);
        recorder.UntilFound("/libcrypto.so.3").Target.Points.ShouldHaveSingleItem().Call.ShouldBe(TlsCall.BioWrite);
    }

    private static string Bash(string script, LibraryCopy library)
    {
        var file = $"{library.Folder}/script";
        File.WriteAllText(file, $"set -e\ncd {library.Folder}\n{script}\n");
        // A pid namespace of its own ends with its first process, and all that it started.
        return $"--mount --pid --fork --mount-proc --kill-child bash {file}";
    }

    private static ulong Inode(string path) => ulong.Parse(Shell.Run("stat", $"-c %i {path}"));

    private static void UntilMapped(Process process, string path)
    {
        for (var start = Stopwatch.GetTimestamp(); !File.ReadAllText($"/proc/{process.Id}/maps").Contains(path, StringComparison.Ordinal); Thread.Yield())
        {
            Stopwatch.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(10), $"waiting until {path} is mapped");
        }
    }
}
