using System.Text;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>Where a shell has its code in memory. Not thread-safe.</summary>
internal sealed class ShellCode(string procRoot)
{
    private readonly ProcessMaps _maps = new(procRoot);

    /// <summary>The parts of the file that the process calls <paramref name="path"/>; none when the process has gone.</summary>
    public IReadOnlyList<MappedCode> Of(uint pid, string path)
    {
        var (name, code) = (Encoding.UTF8.GetBytes(path), new List<MappedCode>());
        _maps.Read((int)pid, (in Mapping mapping) =>
        {
            if (mapping.Path.SequenceEqual(name))
            {
                code.Add(MappedCode.Of(mapping));
            }

            return true;
        });
        return code;
    }

    /// <summary>The readline that it has loaded, and what it calls it; null when there is none.</summary>
    public (MappedCode Code, string Path)? Library(uint pid)
    {
        (MappedCode, string)? library = null;
        _maps.Read((int)pid, (in Mapping mapping) =>
        {
            library = IsReadline(mapping.Path) ? (MappedCode.Of(mapping), Encoding.UTF8.GetString(mapping.Path)) : null;
            return library is null;
        });
        return library;
    }

    private static bool IsReadline(ReadOnlySpan<byte> path) => path[(path.LastIndexOf((byte)'/') + 1)..].StartsWith("libreadline.so"u8);
}
