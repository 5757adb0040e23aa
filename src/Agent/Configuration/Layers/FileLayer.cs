namespace EbpfActors.Agent.Configuration.Layers;

/// <summary>Reads a configuration file in either of the reference's two formats, told apart by the table <c>inputs</c>.</summary>
internal static class FileLayer
{
    public static LayerReading Read(string text, string name)
    {
        var file = TomlFile.Parse(text, name);
        if (!file.Problems.IsEmpty)
        {
            return new LayerReading([], file.Problems);
        }

        var isInput = file.Headers.Any(h => h.Path == "inputs" || h.Path.StartsWith("inputs.", StringComparison.Ordinal))
            || file.Entries.Any(e => e.Path[0] == "inputs");
        return isInput ? new InputFile(file).Read() : new CollectorFile(file).Read();
    }
}
