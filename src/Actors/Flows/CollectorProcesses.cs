using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Flows;

/// <summary>
/// The processes that collect and send on what is observed: the agent itself, by its pid as the host knows it, and DataKit, by its name.
/// Their HTTP is the reports themselves, and reporting it would make more of it.
/// </summary>
public sealed record CollectorProcesses
{
    private const string DataKit = "datakit";

    /// <summary>Leaves out nothing.</summary>
    public static readonly CollectorProcesses Nobody = new() { _isNobody = true };

    private bool _isNobody;

    /// <summary>0 when it is not known.</summary>
    public uint OwnPid { get; init; }

    public bool Has(in FlowIdentity flow) =>
        !_isNobody && ((flow.Pid == OwnPid && OwnPid != 0) || flow.ProcessName.StartsWith(DataKit, StringComparison.Ordinal));
}
