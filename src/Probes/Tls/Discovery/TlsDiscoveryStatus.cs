namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>How discovery is doing.</summary>
/// <param name="Hook">By what new mappings are found.</param>
/// <param name="Files">Files with TLS that are mapped now.</param>
/// <param name="KnownFiles">Mapped files that were looked into.</param>
/// <param name="LostRecords">New mappings that the kernel had no room to tell; a scan follows at once.</param>
/// <param name="Vanished">Mappings whose process was gone before its file could be looked at.</param>
/// <param name="Scans">Scans of all processes so far.</param>
/// <param name="LastScan">What the last one took.</param>
public sealed record TlsDiscoveryStatus(
    HookStatus Hook, int Files, int KnownFiles, long LostRecords, long Vanished, long Scans, TimeSpan LastScan)
{
    /// <summary>Files that are left alone because looking into them costs too much.</summary>
    public long OverBudget { get; init; }

    /// <summary>Files that are left alone because their file system does not answer.</summary>
    public long Hung { get; init; }

    /// <summary>Times that a file was not looked into because too many waited for that.</summary>
    public long NoRoom { get; init; }
}
