using System.Diagnostics;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>A real dnsmasq of the test's own, on port 53 of its network namespace, that knows the names of .test and asks nobody.</summary>
internal sealed class Dnsmasq : IDisposable
{
    private readonly Process _process;

    private Dnsmasq(Process process) => _process = process;

    public int Pid => _process.Id;

    /// <summary>Listens on every address of the namespace.</summary>
    public static Dnsmasq Start(NetworkNamespace space, params string[] records)
    {
        var arguments = "--keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --local=/test/ --user=root --pid-file= "
            + "--log-facility=- " + string.Join(' ', records.Select(r => "--" + r));
        var server = new Dnsmasq(Shell.Start("nsenter", $"--net=/run/netns/{space.Name} dnsmasq {arguments}"));
        space.Run(() => Listening.Wait(53, server._process));
        return server;
    }

    /// <summary>Its port is closed when this returns; the namespace stays.</summary>
    public void Stop()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        Stop();
        _process.Dispose();
    }
}
