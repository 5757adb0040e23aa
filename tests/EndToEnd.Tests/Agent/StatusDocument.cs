using System.Text.Json;

namespace EbpfActors.EndToEnd.Tests.Agent;

/// <summary>The status as JSON, read the way a script would: by the names that are written.</summary>
internal sealed class StatusDocument
{
    private readonly JsonElement _root;

    private StatusDocument(JsonElement root) => _root = root;

    public long Pid => Number(_root, "pid");

    public long Flushes => _root.GetProperty("flush") is { ValueKind: JsonValueKind.Object } flush ? Number(flush, "flushes") : 0;

    public string WriterState => _root.GetProperty("writer").GetProperty("state").GetString()!;

    public IReadOnlyList<Stage> Ledger => [.. _root.GetProperty("ledger").EnumerateArray().Select(Stage.Of)];

    public IReadOnlyList<Plugin> Plugins => [.. _root.GetProperty("plugins").EnumerateArray().Select(Plugin.Of)];

    /// <summary>Name, used and size of each bounded table.</summary>
    public IReadOnlyList<(string Table, long Used, long Size)> Limits =>
        [.. _root.GetProperty("limits").EnumerateArray().Select(l => (l.GetProperty("table").GetString()!, Number(l, "used"), Number(l, "size")))];

    public static StatusDocument Parse(string json) => new(JsonDocument.Parse(json).RootElement);

    public long Writer(string name) => Number(_root.GetProperty("writer"), name);

    /// <summary>A stage that nothing has reached yet is all zeros.</summary>
    public Stage StageOf(string name) => Ledger.FirstOrDefault(s => s.Name == name) ?? new Stage(name, 0, 0, 0, new Dictionary<string, long>(), new Dictionary<string, long>());

    public Plugin PluginOf(string name) => Plugins.Single(p => p.Name == name);

    public override string ToString() => _root.GetRawText();

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private static Dictionary<string, long> Numbers(JsonElement element) =>
        element.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetInt64());

    internal sealed record Stage(
        string Name, long In, long Out, long InFlight, IReadOnlyDictionary<string, long> Lost, IReadOnlyDictionary<string, long> Filtered)
    {
        public static Stage Of(JsonElement json) => new(
            json.GetProperty("stage").GetString()!,
            Number(json, "in"),
            Number(json, "out"),
            Number(json, "inFlight"),
            Numbers(json.GetProperty("lost")),
            Numbers(json.GetProperty("filtered")));
    }

    internal sealed record Plugin(string Name, string State, string Problem, IReadOnlyList<(string Hook, string Rung, string Problem, IReadOnlyDictionary<string, string> Refused)> Hooks)
    {
        public static Plugin Of(JsonElement json) => new(
            json.GetProperty("name").GetString()!,
            json.GetProperty("state").GetString()!,
            json.GetProperty("problem").GetString()!,
            [.. json.GetProperty("hooks").EnumerateArray().Select(h =>
                (h.GetProperty("hook").GetString()!, h.GetProperty("rung").GetString()!, h.GetProperty("problem").GetString()!, Refused(h)))]);

        private static Dictionary<string, string> Refused(JsonElement hook) => hook.GetProperty("refused").EnumerateArray()
            .ToDictionary(r => r.GetProperty("rung").GetString()!, r => r.GetProperty("reason").GetString()!);
    }
}
