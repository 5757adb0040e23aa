using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>A network namespace of the test's own, gone when disposed. Sockets made inside <see cref="Run{T}"/> live in it.</summary>
internal sealed partial class NetworkNamespace : IDisposable
{
    private const int NewNet = 0x40000000;
    public NetworkNamespace()
    {
        Name = OwnedName.Next();
        Ip($"netns add {Name}");
        Ip($"-n {Name} link set lo up");
        Inode = Run(() => uint.Parse(new FileInfo("/proc/thread-self/ns/net").LinkTarget![5..^1]));
    }

    public string Name { get; }

    public uint Inode { get; }

    /// <summary>Two namespaces joined by a veth pair: 10.77.0.1 and fd77::1 here, 10.77.0.2 and fd77::2 there.</summary>
    public static (NetworkNamespace Near, NetworkNamespace Far) Pair()
    {
        var (near, far) = (new NetworkNamespace(), new NetworkNamespace());
        Ip($"link add veth0 netns {near.Name} type veth peer name veth0 netns {far.Name}");
        foreach (var (space, host) in new[] { (near, 1), (far, 2) })
        {
            Ip($"-n {space.Name} addr add 10.77.0.{host}/24 dev veth0");
            Ip($"-n {space.Name} addr add fd77::{host}/64 dev veth0 nodad");
            Ip($"-n {space.Name} link set veth0 up");
        }

        return (near, far);
    }

    /// <summary>Runs on a thread of its own inside the namespace.</summary>
    public T Run<T>(Func<T> inside)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var file = File.OpenHandle($"/run/netns/{Name}");
                if (setns((int)file.DangerousGetHandle(), NewNet) != 0)
                {
                    throw new InvalidOperationException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
                }

                result = inside();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result : throw new InvalidOperationException("inside " + Name, failure);
    }

    public void Run(Action inside) => Run(() =>
    {
        inside();
        return 0;
    });

    /// <summary>Runs a program inside the namespace and gives its output.</summary>
    public string Exec(string program, string arguments) => Shell.Run("ip", $"netns exec {Name} {program} {arguments}");

    /// <summary>Programs that <see cref="Exec"/> starts meanwhile ask this server: ip netns puts the file into their place of resolv.conf.</summary>
    public void WithNameServer(string address, Action inside)
    {
        var folder = $"/etc/netns/{Name}";
        Directory.CreateDirectory(folder);
        try
        {
            File.WriteAllText(Path.Combine(folder, "resolv.conf"), $"nameserver {address}\n");
            inside();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public Process Start(string program, string arguments) => Shell.Start("ip", $"netns exec {Name} {program} {arguments}");

    public void Dispose() => Ip($"netns del {Name}");

    private static void Ip(string arguments) => Shell.Run("ip", arguments);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int fd, int kind);
}
