using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>Finds the readline of processes that load it as a library, which takes them some milliseconds. Bounded; not thread-safe.</summary>
internal sealed class LibraryWatch(string procRoot, IInspector inspector, BashLosses losses, Action<LibraryLook> found)
{
    private const int Most = 1024;
    private static readonly TimeSpan LoadingTakesAtMost = TimeSpan.FromSeconds(2);

    private readonly List<(RunningProgram Program, DateTime Until)> _loading = [];
    private readonly HashSet<uint> _looks = [];

    /// <summary>Some process has yet to load its library: <see cref="LookAgain"/> soon.</summary>
    public bool IsWaiting => _loading.Count > 0;

    public void Find(in RunningProgram program) => Find(program, DateTime.UtcNow + LoadingTakesAtMost);

    /// <summary>Looks whether those that were still being loaded have their library now.</summary>
    public void LookAgain()
    {
        var due = _loading.ToList();
        _loading.Clear();
        foreach (var (program, until) in due)
        {
            if (DateTime.UtcNow < until && ProcessFiles.ReadLink($"{procRoot}/{program.Tgid}/exe") is not null)
            {
                Find(program, until);
            }
        }
    }

    private void Find(in RunningProgram program, DateTime until)
    {
        if (_looks.Add(program.Tgid) && !inspector.Post(new LibraryLook(procRoot, program, until, Looked)))
        {
            _looks.Remove(program.Tgid);
            losses.CountNoRoom();
        }
    }

    private void Looked(LibraryLook look, InspectionEnd end)
    {
        _looks.Remove(look.Program.Tgid);
        if (end != InspectionEnd.Done)
        {
            losses.CountLeftAlone(end);
        }
        else if (look.File is not null)
        {
            found(look);
        }
        else if (_loading.Count < Most)
        {
            _loading.Add((look.Program, look.Until));
        }
        else
        {
            losses.CountNoRoom();
        }
    }
}
