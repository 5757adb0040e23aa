namespace EbpfActors.Agent.Configuration;

/// <summary>What the defaults depend on: the name of this machine, and whether DataKit's folder for externals exists.</summary>
public sealed record MachineFacts(string HostName, bool DataKitInstalled)
{
    public const string ExternalsFolder = "/usr/local/datakit/externals";

    /// <summary>Bytes that the control group allows; <see cref="long.MaxValue"/> without a limit.</summary>
    public long MemoryLimit { get; init; } = long.MaxValue;

    public static MachineFacts OfThisMachine() =>
        new(Environment.MachineName, Directory.Exists(ExternalsFolder)) { MemoryLimit = Host.MemoryLimit.OfThisProcess() };
}
