using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.Tests.Host;

public sealed class MemoryLimitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_least_limit_of_the_group_and_those_above_it_counts()
    {
        Write("a/memory.max", "536870912\n");
        Write("a/b/memory.max", "max\n");
        Write("a/b/c/memory.max", "1073741824\n");

        Assert.Equal(536_870_912, Of("0::/a/b/c", $"30 20 0:26 / {_folder["fs"]} rw - cgroup2 cgroup2 rw"));
    }

    [Fact]
    public void In_a_container_the_mount_begins_at_the_group_itself()
    {
        Write("memory.max", "157286400");

        Assert.Equal(157_286_400, Of("0::/", $"30 20 0:26 /pod/x {_folder["fs"]} rw - cgroup2 cgroup2 rw"));
        Assert.Equal(157_286_400, Of("0::/pod/x", $"30 20 0:26 /pod/x {_folder["fs"]} rw - cgroup2 cgroup2 rw"));
    }

    [Fact]
    public void The_older_hierarchy_is_read_where_it_has_the_memory_controller()
    {
        Write("g/memory.limit_in_bytes", "157286400");
        Write("memory.limit_in_bytes", "9223372036854771712");

        Assert.Equal(157_286_400, Of("5:cpu:/x\n4:memory:/g\n0::/", $"30 20 0:26 / /none rw - cgroup cgroup rw,cpu\n31 20 0:27 / {_folder["fs"]} rw shared:1 - cgroup cgroup rw,memory"));
        Assert.Equal(long.MaxValue, Of("4:memory:/other", $"31 20 0:27 / {_folder["fs"]} rw - cgroup cgroup rw,memory"));
    }

    [Fact]
    public void Nothing_that_can_be_read_is_no_limit()
    {
        Assert.Equal(long.MaxValue, Of("0::/", ""));
        Assert.Equal(long.MaxValue, Of("rubbish", "rubbish - x"));
        Assert.Equal(long.MaxValue, MemoryLimit.Of(_folder["no"], _folder["no"]));
    }

    private long Of(string groups, string mounts)
    {
        File.WriteAllText(_folder["groups"], groups);
        File.WriteAllText(_folder["mounts"], mounts);
        return MemoryLimit.Of(_folder["groups"], _folder["mounts"]);
    }

    private void Write(string file, string text)
    {
        var path = Path.Combine(_folder["fs"], file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
