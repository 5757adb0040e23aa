using System.Text.RegularExpressions;
using EbpfActors.Agent.Configuration;
using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.Status;

/// <summary>Turns what the actors answer into the document that <c>ebpf-actors status</c> shows.</summary>
internal static partial class ActorStatus
{
    public static AgentStatus Document(Actors.AgentStatus actors, AgentOptions options, Uptime uptime) => new()
    {
        Version = AgentVersion.Text,
        Pid = Environment.ProcessId,
        StartedAt = uptime.StartedAt,
        UptimeSeconds = (long)uptime.Elapsed.TotalSeconds,
        Plugins = [.. actors.Probes.Select(Probe), .. actors.Outputs.Select(p => Part(p, "output ")), .. actors.Parts.Select(p => Part(p, ""))],
        Ledger = actors.Ledger,
        Writer = actors.Writer is Actors.DataKit.WriterStatus writer ? Writer(writer) : null,
        Limits = [.. actors.Probes.SelectMany(p => p.Counters.Limits)],
        Flush = actors.Flush,
        Warnings = options.Warnings,
    };

    private static PluginStatus Probe(Actors.Probes.ProbeStatus probe) => new("ebpf-" + probe.Name, probe.State, probe.Problem, probe.Restarts, probe.Hooks) { RetryAt = probe.RetryAt };

    private static PluginStatus Part(Actors.Supervision.PluginStatus part, string kind) =>
        new(kind + part.Name, part.State, part.Problem, part.Restarts, []) { RetryAt = part.RetryAt };

    private static WriterStatus Writer(Actors.DataKit.WriterStatus writer) => new()
    {
        State = Words().Replace(writer.State.ToString(), "-$1").ToLowerInvariant(),
        LastError = writer.LastError ?? "",
        LastSuccess = writer.LastSuccess,
        PostedPoints = writer.PointsPosted,
        RejectedPoints = writer.PointsRejected,
        DroppedPoints = writer.PointsDropped,
        QueuedPoints = writer.QueuePoints,
        SpoolEntries = writer.Spool?.Entries ?? 0,
        SpoolPoints = writer.Spool?.Points ?? 0,
        SpoolBytes = writer.Spool?.Bytes ?? 0,
        SpoolLimitBytes = writer.SpoolLimit,
    };

    [GeneratedRegex("(?<!^)([A-Z])")]
    private static partial Regex Words();
}
