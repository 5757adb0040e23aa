namespace EbpfActors.Benchmarks.Scenarios;

/// <summary>A copy of OpenSSL for a client that is not to be probed: the load that a server has from other hosts.</summary>
internal sealed class LibrariesApart : IDisposable
{
    private readonly TemporaryFolder _folder = new("libraries");

    public LibrariesApart()
    {
        foreach (var library in (string[])["libssl.so.3", "libcrypto.so.3"])
        {
            File.Copy(Path.Combine("/usr/lib/x86_64-linux-gnu", library), Path.Combine(Folder, library));
        }
    }

    public string Folder => _folder.Path;

    public void Dispose() => _folder.Dispose();
}
