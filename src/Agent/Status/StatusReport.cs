using System.Globalization;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Outputs;
using EbpfActors.Agent.Configuration.Values;
using EbpfActors.Probes;
using Spectre.Console;

namespace EbpfActors.Agent.Status;

/// <summary>Shows a status to a person.</summary>
internal static class StatusReport
{
    public static void Write(AgentStatus status, IAnsiConsole console)
    {
        var uptime = Durations.Write(TimeSpan.FromSeconds(status.UptimeSeconds));
        var start = status.StartedAt.ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);
        console.WriteLine($"ebpf-actors {status.Version}, pid {status.Pid}, up {uptime} since {start}");
        WritePlugins(status, console);
        WriteLedger(status, console);
        WriteWriter(status.Writer, console);
        WriteLimits(status, console);
        WriteFlush(status.Flush, console);
        foreach (var warning in status.Warnings)
        {
            console.WriteLine(SafeText.OneLine($"warning: {warning}"));
        }
    }

    private static void WritePlugins(AgentStatus status, IAnsiConsole console)
    {
        var table = NewTable("Plugins", "plugin", "state", "restarts", "problem");
        var hooks = NewTable("Hooks", "plugin", "hook", "attached to", "problem");
        var refused = NewTable("Better rungs that are not used", "plugin", "hook", "rung", "reason");
        foreach (var plugin in status.Plugins)
        {
            AddRow(table, plugin.Name, State(plugin), Number(plugin.Restarts), plugin.Problem);
            foreach (var hook in plugin.Hooks)
            {
                AddRow(hooks, plugin.Name, hook.Hook, AttachedTo(hook), hook.Problem);
                foreach (var rung in hook.Refused)
                {
                    AddRow(refused, plugin.Name, hook.Hook, rung.Rung, rung.Reason);
                }
            }
        }

        WriteIfAny(table, console);
        WriteIfAny(hooks, console);
        WriteIfAny(refused, console);
    }

    private static string State(PluginStatus plugin) =>
        plugin.RetryAt is { } again ? $"{plugin.State}, again at {again.ToLocalTime():HH:mm:ss}" : plugin.State;

    private static string AttachedTo(HookStatus hook) =>
        hook.Rung.Length > 0 ? hook.Rung : hook.WaitsFor.Length > 0 ? $"waits for {hook.WaitsFor}" : "none";

    private static void WriteLedger(AgentStatus status, IAnsiConsole console)
    {
        var table = NewTable("Ledger", "stage", "unit", "in", "out", "in flight", "left out", "lost", "why");
        foreach (var stage in status.Ledger)
        {
            var reasons = stage.Lost.Concat(stage.Filtered).Where(l => l.Value > 0).Select(l => $"{l.Key} {Number(l.Value)}");
            AddRow(
                table,
                stage.Stage,
                stage.Unit,
                Number(stage.In),
                Number(stage.Out),
                Number(stage.InFlight),
                Number(stage.Filtered.Values.Sum()),
                Number(stage.Lost.Values.Sum()),
                string.Join(", ", reasons));
        }

        WriteIfAny(table, console);
    }

    private static void WriteWriter(WriterStatus? writer, IAnsiConsole console)
    {
        if (writer is null)
        {
            return;
        }

        var table = NewTable("DataKit", "state", "last success", "posted", "rejected", "dropped", "queued", "spool", "last error");
        var spool = $"{Number(writer.SpoolPoints)} points in {Number(writer.SpoolEntries)} entries, "
            + $"{Size(writer.SpoolBytes)} of {Size(writer.SpoolLimitBytes)}";
        var success = writer.LastSuccess?.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "never";
        AddRow(
            table,
            writer.State,
            success,
            Number(writer.PostedPoints),
            Number(writer.RejectedPoints),
            Number(writer.DroppedPoints),
            Number(writer.QueuedPoints),
            spool,
            writer.LastError);
        WriteIfAny(table, console);
    }

    private static void WriteLimits(AgentStatus status, IAnsiConsole console)
    {
        var table = NewTable("Limits", "table", "used", "size", "full");
        foreach (var limit in status.Limits)
        {
            var full = limit.Size > 0 ? string.Create(CultureInfo.InvariantCulture, $"{100.0 * limit.Used / limit.Size:0.0} %") : "";
            AddRow(table, limit.Table, Number(limit.Used), Number(limit.Size), full);
        }

        WriteIfAny(table, console);
    }

    private static void WriteFlush(FlushStatus? flush, IAnsiConsole console)
    {
        if (flush is null)
        {
            return;
        }

        var table = NewTable("Flush", "flushes", "ticks skipped", "sweeps missed", "answers missed", "aggregators", "records held");
        AddRow(
            table,
            Number(flush.Flushes),
            Number(flush.TicksSkipped),
            Number(flush.SweepsMissed),
            Number(flush.AnswersMissed),
            Number(flush.Aggregators),
            Number(flush.RecordsHeld));
        WriteIfAny(table, console);
    }

    private static Table NewTable(string title, params string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple).Title(title);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column)));
        }

        return table;
    }

    /// <summary>As plain text: a process name or an error may hold square brackets, and worse.</summary>
    private static void AddRow(Table table, params string[] cells) => table.AddRow(cells.Select(c => new Text(SafeText.OneLine(c))));

    private static void WriteIfAny(Table table, IAnsiConsole console)
    {
        if (table.Rows.Count > 0)
        {
            console.Write(table);
        }
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MiB");
}
