using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls;

/// <summary>Told by discovery what can be captured and what cannot; always on one thread, the discovery's own.</summary>
public interface ITlsDiscoverySink
{
    /// <summary>A file not yet known, or gone meanwhile, is mapped by <paramref name="pid"/>.</summary>
    void Found(TlsTarget target, int pid);

    /// <summary>No process maps the file any more.</summary>
    void Gone(FileIdentity file);

    /// <summary>Once per process: it looks as if it spoke TLS by <paramref name="what"/>, which has no place to probe.</summary>
    void NotRecognised(int pid, string process, string what);

    /// <summary>Once per file: it could not be looked at.</summary>
    void Failed(string path, string problem);
}
