namespace EbpfActors.Agent.Configuration;

/// <summary>What was asked for and exists in this version; see <see cref="PluginNames"/>.</summary>
public sealed record PluginOptions(IReadOnlyList<string> Enabled, IReadOnlyList<string> Layer7)
{
    public bool Has(string plugin) => Enabled.Contains(plugin) || Layer7.Contains(plugin);
}
