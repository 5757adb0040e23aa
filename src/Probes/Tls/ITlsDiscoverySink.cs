using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls;

/// <summary>Told by discovery what can be captured and what cannot; always on one thread, the discovery's own.</summary>
public interface ITlsDiscoverySink
{
    /// <summary>
    /// A file not yet known, or gone meanwhile, is mapped by <paramref name="pid"/>. False when it could not be taken for a reason that may
    /// pass: then it is told again, at growing intervals, as long as somebody maps it.
    /// </summary>
    bool Found(TlsTarget target, int pid);

    /// <summary>No process maps the file any more.</summary>
    void Gone(FileIdentity file);

    /// <summary>Once per process: it looks as if it spoke TLS by <paramref name="what"/>, which has no place to probe.</summary>
    void NotRecognised(FileIdentity file, int pid, string process, string what);

    /// <summary>The user wants this file left alone.</summary>
    void LeftOut(FileIdentity file, string path, int pid);

    /// <summary>The file could not be looked at, which may be told again. What is told without an identity is about more than one file.</summary>
    void Failed(FileIdentity file, string path, int pid, string problem);

    /// <summary>
    /// What was not recognised, left out or failed with this file is over: no process maps it any more, or it is looked at anew. Without an
    /// identity: what was told so.
    /// </summary>
    void Settled(FileIdentity file);
}
