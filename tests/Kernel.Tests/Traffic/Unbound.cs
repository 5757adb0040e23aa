using System.Diagnostics;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>
/// A real unbound of the test's own in a network namespace. It knows a.test and b.test and no other name of .test, refuses
/// refused.test, is silent about drop.test, and asks a server of the test's about what ends in slow.
/// </summary>
internal sealed class Unbound : IDisposable
{
    private readonly Process _process;
    private readonly string _folder;

    private Unbound(Process process, string folder)
    {
        _process = process;
        _folder = folder;
    }

    /// <param name="space">Where it listens on every address.</param>
    /// <param name="port">On which port.</param>
    /// <param name="upstreamPort">Of loopback, where the names of slow are known.</param>
    public static Unbound Start(NetworkNamespace space, int port, int upstreamPort = 1)
    {
        var folder = Directory.CreateTempSubdirectory("unbound").FullName;
        File.WriteAllText(Path.Combine(folder, "unbound.conf"), $"""
            server:
              interface: 0.0.0.0
              interface: ::0
              interface-automatic: yes
              port: {port}
              access-control: 0.0.0.0/0 allow
              access-control: ::/0 allow
              chroot: ""
              username: ""
              directory: "{folder}"
              pidfile: "{folder}/pid"
              use-syslog: no
              do-daemonize: no
              num-threads: 1
              incoming-num-tcp: 100
              so-rcvbuf: 4m
              module-config: "iterator"
              do-not-query-localhost: no
              local-zone: "test." static
              local-data: "a.test. 60 IN A 192.0.2.1"
              local-data: "b.test. 60 IN A 192.0.2.2"
              local-zone: "refused.test." always_refuse
              local-zone: "drop.test." always_deny
            remote-control:
              control-enable: no
            forward-zone:
              name: "slow"
              forward-addr: 127.0.0.1@{upstreamPort}
            """);
        var server = new Unbound(Shell.Start("nsenter", $"--net=/run/netns/{space.Name} unbound -c {folder}/unbound.conf"), folder);
        space.Run(() => Listening.Wait(port, server._process));
        return server;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
