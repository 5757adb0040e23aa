namespace EbpfActors.Agent.Configuration;

/// <summary>What the defaults depend on: the name of this machine, and whether DataKit's folder for externals exists.</summary>
public sealed record MachineFacts(string HostName, bool DataKitInstalled)
{
    public const string ExternalsFolder = "/usr/local/datakit/externals";

    public static MachineFacts OfThisMachine() => new(Environment.MachineName, Directory.Exists(ExternalsFolder));
}
