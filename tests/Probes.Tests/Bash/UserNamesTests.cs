using EbpfActors.Probes.Bash;
using EbpfActors.Probes.Tests.Inspections;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Bash;

/// <summary>Processes in a folder that looks like /proc.</summary>
public sealed class UserNamesTests : IDisposable
{
    private readonly TemporaryFolder _proc = new("proc");
    private readonly UserNames _names;

    public UserNamesTests() => _names = new UserNames(_proc.Path, new InlineInspector(), static () => { });

    [Fact]
    public void A_process_that_is_there_is_asked()
    {
        var place = Start(10, 1, "alice:x:1000:");

        _names.Name(10, 1000, place).ShouldBe("alice");
        _names.Name(10, 1001, place).ShouldBe("1001");
    }

    [Fact]
    public void What_is_kept_of_large_files_of_many_places_is_bounded()
    {
        var large = string.Concat(Enumerable.Range(0, 30_000).Select(uid => $"{new string('u', 20)}{uid}:x:{uid}:\n"));
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var place = 1u; place <= 60; place++)
        {
            _names.Name(place, 7, Start(place, place, large)).ShouldBe("uuuuuuuuuuuuuuuuuuuu7");
        }

        // All of them would take more than 150 MB.
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(60_000_000);
    }

    [Fact]
    public void What_is_longer_than_a_login_name_is_none() =>
        _names.Name(10, 1000, Start(10, 1, $"{new string('a', 257)}:x:1000:")).ShouldBe("1000");

    [Fact]
    public void One_that_is_gone_is_known_as_it_was()
    {
        var place = Start(10, 1, "alice:x:1000:");
        _names.Remember(10, place);
        End(10);

        _names.Name(10, 1000, place).ShouldBe("alice");
    }

    [Fact]
    public void Its_number_given_to_a_process_elsewhere_says_nothing()
    {
        var gone = Start(10, 1, "alice:x:1000:");
        End(10);
        var place = Start(10, 2, "bob:x:1000:");

        _names.Name(10, 1000, gone).ShouldBe("1000");
        _names.Remember(10, place);
        End(10);

        _names.Name(10, 1000, gone).ShouldBe("1000");
        _names.Name(10, 1000, place).ShouldBe("bob");
    }

    [Fact]
    public void One_that_was_never_seen_is_known_by_another_one_of_its_place_and_by_what_is_true_now()
    {
        var place = Start(1, 1, "alice:x:1000:");
        _names.AddResident(1, place);
        _names.Name(10, 1000, place).ShouldBe("alice");

        File.WriteAllText($"{_proc.Path}/1/root/etc/passwd", "alice:x:1000:\nbob:x:1001:\n");

        _names.Name(11, 1001, place).ShouldBe("bob");
    }

    [Fact]
    public void Nobody_is_asked_who_is_gone_elsewhere_by_now_or_no_longer_there()
    {
        var place = Start(1, 1, "alice:x:1000:");
        _names.AddResident(1, place);

        _names.Name(10, 1000, place with { Mounts = 2 }).ShouldBe("1000");
        _names.Name(10, 1000, place with { Users = 2 }).ShouldBe("1000");
        _names.Name(10, 1000, place with { RootIno = 2 }).ShouldBe("1000");
        Directory.Move($"{_proc.Path}/1/root", $"{_proc.Path}/1/old");
        Root(1, "bob:x:1000:");
        _names.Name(10, 1000, place).ShouldBe("1000");
        End(1);
        Start(1, 2, "bob:x:1000:");
        _names.Name(10, 1000, place).ShouldBe("1000");
    }

    [Fact]
    public void Residents_are_those_of_the_last_scan()
    {
        var place = Start(1, 1, "alice:x:1000:");
        _names.AddResident(1, place);

        _names.ForgetResidents();

        _names.Name(10, 1000, place).ShouldBe("1000");
    }

    [Fact]
    public void What_a_container_has_in_place_of_the_file_does_no_harm()
    {
        var place = Start(10, 1, "");
        File.Delete($"{_proc.Path}/10/root/etc/passwd");
        _names.Name(10, 1000, place).ShouldBe("1000");
        Directory.CreateDirectory($"{_proc.Path}/10/root/etc/passwd");
        _names.Name(10, 1000, place).ShouldBe("1000");
        Directory.Delete($"{_proc.Path}/10/root/etc/passwd");
        File.CreateSymbolicLink($"{_proc.Path}/10/root/etc/passwd", "/etc/passwd");
        _names.Name(10, 0, place).ShouldBe("0");
    }

    public void Dispose() => _proc.Dispose();

    /// <summary>A process in a mount namespace; its place.</summary>
    private BashPlace Start(uint pid, uint mounts, string passwd)
    {
        Directory.CreateDirectory($"{_proc.Path}/{pid}/ns");
        File.CreateSymbolicLink($"{_proc.Path}/{pid}/ns/mnt", $"mnt:[{mounts}]");
        File.CreateSymbolicLink($"{_proc.Path}/{pid}/ns/user", "user:[7]");
        File.WriteAllText($"{_proc.Path}/{pid}/uid_map", "         0          0 4294967295\n");
        return new BashPlace { RootIno = Root(pid, passwd), Mounts = mounts, Users = 7 };
    }

    private ulong Root(uint pid, string passwd)
    {
        Directory.CreateDirectory($"{_proc.Path}/{pid}/root/etc");
        File.WriteAllText($"{_proc.Path}/{pid}/root/etc/passwd", passwd + "\n");
        using var root = EbpfActors.Probes.Processes.OpenedFile.TryOpen($"{_proc.Path}/{pid}/root", out _);
        return root!.StatIdentity.Inode;
    }

    private void End(uint pid) => Directory.Delete($"{_proc.Path}/{pid}", recursive: true);
}
