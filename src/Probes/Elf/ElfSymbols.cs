using System.Buffers.Binary;
using System.Text;

namespace EbpfActors.Probes.Elf;

/// <summary>A function by its symbol.</summary>
/// <param name="Address">Virtual.</param>
/// <param name="Size">Bytes of code; 0 when the symbol does not say.</param>
internal readonly record struct ElfSymbol(ulong Address, ulong Size);

/// <summary>Looks functions up by name: in what the file exports, then in the full table where it was not stripped.</summary>
internal static class ElfSymbols
{
    private const int EntrySize = 24;
    private const int MaxSpellings = 64;
    private const byte Function = 2;

    // Tables of real files are far smaller; a hostile one must not keep us busy.
    private const ulong MaxTable = 256UL << 20;

    /// <summary>Those of the names that are defined functions with code in the file.</summary>
    internal static Dictionary<string, ElfSymbol> Find(ElfImage image, params ReadOnlySpan<string> names)
    {
        var found = new Dictionary<string, ElfSymbol>();
        foreach (var kind in (ReadOnlySpan<uint>)[ElfSection.DynamicSymbols, ElfSection.Symbols])
        {
            // A file has one of each kind; further ones would only make somebody read.
            if (found.Count < names.Length && image.First(kind) is { } section && section.Link < image.Sections.Count)
            {
                FindIn(image, section, image.Sections[(int)section.Link], names, found);
            }
        }

        return found;
    }

    private static void FindIn(
        ElfImage image, ElfSection symbols, ElfSection texts, ReadOnlySpan<string> names, Dictionary<string, ElfSymbol> found)
    {
        if (symbols.Size > MaxTable || texts.Size > MaxTable)
        {
            return;
        }

        // From the few places of the names to the symbols that refer to them: a table of a hundred thousand names is searched, not read.
        var spelled = new Dictionary<uint, string>();
        List<string> missing = [];
        foreach (var name in names)
        {
            if (!found.ContainsKey(name))
            {
                missing.Add(name);
            }
        }

        var places = image.File.Search(texts.Offset, texts.Size, [.. missing.Select(name => Encoding.UTF8.GetBytes(name + '\0'))], MaxSpellings);
        for (var i = 0; i < places.Length; i++)
        {
            foreach (var at in places[i])
            {
                spelled[(uint)(at - texts.Offset)] = missing[i];
            }
        }

        if (spelled.Count > 0)
        {
            image.File.ReadChunks(symbols.Offset, symbols.Size, 0, (_, chunk) =>
            {
                for (var rest = chunk; rest.Length >= EntrySize; rest = rest[EntrySize..])
                {
                    Take(image, rest, spelled, found);
                }

                return true;
            });
        }
    }

    private static void Take(
        ElfImage image, ReadOnlySpan<byte> entry, Dictionary<uint, string> spelled, Dictionary<string, ElfSymbol> found)
    {
        if (spelled.TryGetValue(BinaryPrimitives.ReadUInt32LittleEndian(entry), out var name) && (entry[4] & 0xf) == Function)
        {
            var symbol = new ElfSymbol(
                BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]), BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]));
            if (symbol.Address != 0 && BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]) != 0 && image.CodeOffset(symbol.Address) != null)
            {
                found.TryAdd(name, symbol);
            }
        }
    }
}
