namespace EbpfActors.Benchmarks.Scenarios;

/// <summary>A copy of OpenSSL for a client that is not to be probed: the load that a server has from other hosts.</summary>
internal sealed class LibrariesApart : IDisposable
{
    public LibrariesApart()
    {
        foreach (var library in (string[])["libssl.so.3", "libcrypto.so.3"])
        {
            File.Copy(Path.Combine("/usr/lib/x86_64-linux-gnu", library), Path.Combine(Folder, library));
        }
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("ebpf-bench-ssl").FullName;

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
