using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.Tests.Host;

public sealed class CGroup2Tests
{
    [Fact]
    public void The_first_cgroup2_mount_counts() =>
        Assert.Equal("/sys/fs/cgroup/unified", CGroup2.Find(
        [
            "proc /proc proc rw 0 0",
            "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0",
            "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nsdelegate 0 0",
            "cgroup2 /mnt cgroup2 rw 0 0",
        ]));

    [Theory]
    [InlineData(@"none /a\040b cgroup2 rw 0 0", "/a b")]
    [InlineData(@"none /tab\011\134end cgroup2 rw 0 0", "/tab\t\\end")]
    [InlineData(@"none /caf\303\251 cgroup2 rw 0 0", "/café")]
    [InlineData(@"none /odd\09 cgroup2 rw 0 0", @"/odd\09")]
    public void Octal_escapes_are_read(string line, string path) => Assert.Equal(path, CGroup2.Find([line]));

    [Fact]
    public void Without_one_there_is_none() => Assert.Null(CGroup2.Find(["cgroup2 /x tmpfs rw 0 0", "short"]));
}
