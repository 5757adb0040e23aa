using System.Globalization;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>
/// A cgroup2 of the test's own with this process in it: what is attached there sees the sockets of this process and of its
/// children, and counts nothing that anybody else on the host does. Gone when disposed of.
/// </summary>
internal sealed class PrivateCgroup : IDisposable
{
    private static int _made;
    private readonly string _before;

    public PrivateCgroup(string root)
    {
        var own = File.ReadLines("/proc/self/cgroup").Single(l => l.StartsWith("0::", StringComparison.Ordinal))[3..];
        _before = System.IO.Path.Join(root, own);
        Path = System.IO.Path.Combine(root, $"ebpf-actors-{Environment.ProcessId}-{Interlocked.Increment(ref _made)}");
        Directory.CreateDirectory(Path);
        Move(Environment.ProcessId, Path);
    }

    public string Path { get; }

    public void Dispose()
    {
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(10);
        while (true)
        {
            foreach (var process in File.ReadAllLines(System.IO.Path.Combine(Path, "cgroup.procs")))
            {
                Move(int.Parse(process, CultureInfo.InvariantCulture), _before);
            }

            try
            {
                Directory.Delete(Path);
                return;
            }
            catch (IOException) when (DateTime.UtcNow < end)
            {
                Thread.Yield(); // a process that ended is not gone at once
            }
        }
    }

    private static void Move(int process, string cgroup)
    {
        try
        {
            File.WriteAllText(System.IO.Path.Join(cgroup, "cgroup.procs"), process.ToString(CultureInfo.InvariantCulture));
        }
        catch (IOException) when (process != Environment.ProcessId)
        {
            // It ended meanwhile.
        }
    }
}
