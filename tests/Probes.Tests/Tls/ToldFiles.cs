using EbpfActors.Probes.Processes;
using EbpfActors.Probes.Tls;

namespace EbpfActors.Probes.Tests.Tls;

/// <summary>What discovery tells, a line each.</summary>
internal sealed class ToldFiles : ITlsDiscoverySink
{
    public List<string> Lines { get; } = [];

    public List<TlsTarget> Found { get; } = [];

    /// <summary>What it answers to each file that is found.</summary>
    public Func<bool> Take { get; set; } = () => true;

    bool ITlsDiscoverySink.Found(TlsTarget target, int pid)
    {
        Found.Add(target);
        Lines.Add($"found {target.File.Inode} by {pid}");
        return Take();
    }

    public void Gone(FileIdentity file) => Lines.Add($"gone {file.Inode}");

    public void NotRecognised(FileIdentity file, int pid, string process, string what) => Lines.Add($"{pid} {process}: {what}");

    public void LeftOut(FileIdentity file, string path, int pid) => Lines.Add($"left out {path} by {pid}");

    public void Failed(FileIdentity file, string path, int pid, string problem) => Lines.Add($"failed {path} by {pid}: {problem}");

    public void Settled(FileIdentity file) => Lines.Add($"settled {file.Inode}");
}
