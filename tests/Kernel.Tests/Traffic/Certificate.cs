namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>A self-signed certificate for localhost, with its key, in a folder that goes with it.</summary>
internal sealed class Certificate : IDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly Userland _userland;

    public Certificate(Userland? userland = null)
    {
        _userland = userland ?? Userland.Host;
        _folder = _userland.NewFolder("certificate");
        Shell.Run(
            "openssl",
            $"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -keyout {_folder.Path}/key.pem -out {_folder.Path}/certificate.pem");
    }

    /// <summary>As the programs of its userland know it.</summary>
    public string File => _userland.Inside(_folder["certificate.pem"]);

    public string KeyFile => _userland.Inside(_folder["key.pem"]);

    public void Dispose() => _folder.Dispose();
}
