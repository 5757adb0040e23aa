using System.Diagnostics;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>A real nginx of the test's own that speaks TLS on two loopback ports, HTTP/1.1 on one and HTTP/2 on the other.</summary>
internal sealed class HttpsNginx : IDisposable
{
    private readonly string _folder;
    private readonly Process _master;

    /// <param name="workers">How many.</param>
    /// <param name="certificate">Of its servers.</param>
    /// <param name="userland">Whose nginx; the certificate's too.</param>
    /// <param name="space">Listens on all IPv4 addresses of that namespace, with this host's nginx; on loopback without.</param>
    public HttpsNginx(int workers, Certificate certificate, Userland? userland = null, NetworkNamespace? space = null)
    {
        var address = space is null ? "127.0.0.1" : "0.0.0.0";
        userland ??= Userland.Host;
        _folder = userland.NewFolder("nginx");
        var folder = userland.Inside(_folder);
        File.WriteAllBytes(Path.Combine(_folder, "big"), new byte[3 << 20]);
        File.WriteAllText(Path.Combine(_folder, "nginx.conf"), $$"""
            user root;
            daemon off;
            worker_processes {{workers}};
            pid {{folder}}/pid;
            error_log {{folder}}/error.log;
            events { worker_connections 1024; }
            http {
                access_log off;
                keepalive_requests 1000000000;
                ssl_certificate {{certificate.File}};
                ssl_certificate_key {{certificate.KeyFile}};
                server {
                    listen {{address}}:{{Port}} ssl;
                    listen {{address}}:{{Http2Port}} ssl http2;
                    location = /big { alias {{folder}}/big; }
                    location / { return 200 "hello\n"; }
                }
            }
            """);
        var arguments = $"-p {folder} -c {folder}/nginx.conf";
        if (space is null)
        {
            _master = userland.Start("nginx", arguments);
            Listening.Wait(Port);
        }
        else
        {
            _master = Shell.Start("nsenter", $"--net=/run/netns/{space.Name} nginx {arguments}");
            space.Run(() => Listening.Wait(Port));
        }
    }

    public int Port { get; } = FreePorts.Next();

    public int Http2Port { get; } = FreePorts.Next();

    public IReadOnlySet<uint> Workers() => Shell.Run("ps", $"-o pid= --ppid {_master.Id}")
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(uint.Parse).ToHashSet();

    public void Dispose()
    {
        Shell.Run("kill", $"-QUIT {_master.Id}");
        _master.WaitForExit();
        _master.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
