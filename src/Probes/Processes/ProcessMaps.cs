using System.Globalization;
using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Processes;

/// <summary>Reads which files the processes of a host have mapped executable. Not thread-safe.</summary>
internal sealed class ProcessMaps(string procRoot)
{
    private readonly byte[] _buffer = new byte[1 << 16];

    /// <summary>Receives a mapping; false ends the walk.</summary>
    internal delegate bool Consumer(in Mapping mapping);

    /// <summary>The processes there are, threads not among them.</summary>
    internal IEnumerable<int> Processes()
    {
        foreach (var folder in Directory.EnumerateDirectories(procRoot))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            {
                yield return pid;
            }
        }
    }

    /// <summary>Hands out a process's mappings; none when it is gone.</summary>
    internal void Read(int pid, Consumer consumer)
    {
        var opened = LibC.open($"{procRoot}/{pid}/maps", LibC.OpenToLookAt);
        if (opened < 0)
        {
            return;
        }

        using var file = new SafeFileHandle(opened, ownsHandle: true);
        for (int filled = 0, got; (got = Fill(file, filled)) > 0;)
        {
            filled += got;
            var rest = _buffer.AsSpan(0, filled);
            for (int end; (end = rest.IndexOf((byte)'\n')) >= 0; rest = rest[(end + 1)..])
            {
                if (MapsLine.TryRead(pid, rest[..end], out var mapping) && !consumer(mapping))
                {
                    return;
                }
            }

            rest.CopyTo(_buffer);
            filled = rest.Length;
        }
    }

    private unsafe int Fill(SafeFileHandle file, int from)
    {
        fixed (byte* into = _buffer)
        {
            return (int)LibC.read(file, into + from, (nuint)(_buffer.Length - from));
        }
    }
}
