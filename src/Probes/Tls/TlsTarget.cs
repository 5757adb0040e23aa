using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls;

/// <summary>What one mapped file offers for capture. One per file, attached once: a uprobe sits on the inode, whoever maps it.</summary>
/// <param name="Flavour">Whose calls the points are.</param>
/// <param name="File">The file as the kernel shows it for a mapping.</param>
/// <param name="AttachPath">
/// Opens the very file that was found, deleted or in another mount namespace too, whatever becomes of the process. Good until the sink is
/// told that the file is gone, and only within this process.
/// </param>
/// <param name="Points">Where to probe; offsets are offsets in the file.</param>
/// <param name="Placement">For log and status: "moved probes" or "plain probes: why".</param>
public sealed record TlsTarget(
    TlsFlavour Flavour, FileIdentity File, string AttachPath, IReadOnlyList<ProbePoint> Points, string Placement)
{
    /// <summary>The path that the process that was found knows it by, for people to read.</summary>
    public string MappedPath { get; init; } = "";
}

/// <summary>The libraries that capture understands. A program with OpenSSL linked in (node) is <see cref="OpenSsl"/>.</summary>
public enum TlsFlavour
{
    OpenSsl,
    GnuTls,
    Go,
}
