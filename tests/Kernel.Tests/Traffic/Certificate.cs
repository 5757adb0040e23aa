namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>A self-signed certificate for localhost, with its key, in a folder that goes with it.</summary>
internal sealed class Certificate : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("certificate").FullName;

    public Certificate() => Shell.Run(
        "openssl",
        $"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -keyout {KeyFile} -out {File}");

    public string File => Path.Combine(_folder, "certificate.pem");

    public string KeyFile => Path.Combine(_folder, "key.pem");

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
