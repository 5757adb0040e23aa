using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Capture;

/// <summary>
/// What is not captured and why, for as long as its file is in use. Bounded, and shows what is newest; the rest is counted. Each reason
/// is told to the log once, however many containers have it. Not thread-safe.
/// </summary>
internal sealed class TlsGaps
{
    private const int MaxShown = 64;
    private const int MaxKept = 1024;
    private const int MaxTold = 1024;

    // One path may be another file in each container, and one file may be in several programs.
    private readonly OrderedDictionary<(FileIdentity File, string What), HookStatus> _gaps = [];
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    /// <summary>A note the first time.</summary>
    /// <param name="file">The file; none when it is not about one.</param>
    /// <param name="what">Its path, or the program.</param>
    /// <param name="pid">A process that has it; 0 for none.</param>
    /// <param name="why">The problem.</param>
    public ProbeNote? Add(FileIdentity file, string what, int pid, string why) =>
        Add(file, what, new HookStatus(Row(what, pid), "", why), new ProbeNote(IsWarning: true, $"No httpflow-tls for {what}: {why}"));

    /// <summary>The same for what the user wants so, which is no problem.</summary>
    public ProbeNote? AddWanted(FileIdentity file, string path, int pid) => Add(
        file,
        path,
        new HookStatus(Row(path, pid), "left alone, by tls_exclude", ""),
        new ProbeNote(IsWarning: false, $"No httpflow-tls for {path}: left out by tls_exclude"));

    /// <summary>The file is captured, or nobody uses it any more.</summary>
    public void Close(FileIdentity file)
    {
        for (var i = _gaps.Count - 1; i >= 0; i--)
        {
            if (_gaps.GetAt(i).Key.File == file)
            {
                _gaps.RemoveAt(i);
            }
        }
    }

    public IEnumerable<HookStatus> Status()
    {
        var earlier = _gaps.Count - MaxShown;
        return earlier <= 0
            ? _gaps.Values
            : _gaps.Values.Skip(earlier).Append(new HookStatus("tls, not shown", "", $"{earlier} earlier ones{(_gaps.Count == MaxKept ? " or more" : "")}"));
    }

    /// <summary>A path may be another file in each container: the process tells which.</summary>
    internal static string Row(string what, int pid) => pid == 0 ? $"tls {what}" : $"tls {what} (pid {pid})";

    private ProbeNote? Add(FileIdentity file, string what, HookStatus row, ProbeNote note)
    {
        if (!_gaps.ContainsKey((file, what)) && _gaps.Count == MaxKept)
        {
            _gaps.RemoveAt(0);
        }

        _gaps[(file, what)] = row;
        if (_told.Count == MaxTold)
        {
            _told.Clear();
        }

        return _told.Add(note.Text) ? note : null;
    }
}
