using EbpfActors.Probes.Elf;

namespace EbpfActors.Probes.Tls.Go;

/// <summary>Finds Go functions by name: by their symbols, or in a stripped program by the table that the runtime itself needs.</summary>
internal static class GoFunctions
{
    internal static Dictionary<string, ElfSymbol> Find(ElfImage image, params ReadOnlySpan<string> names)
    {
        var found = ElfSymbols.Find(image, names);
        if (found.Count == names.Length || GoFunctionTable.Read(image) is not { } table)
        {
            return found;
        }

        foreach (var name in names)
        {
            if (!found.ContainsKey(name) && table.Find(name) is { } function)
            {
                found[name] = function;
            }
        }

        return found;
    }
}
