using EbpfActors.Probes.Inspections;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// The looks into programs that are under way, one for each: quick at first, and thorough where that was not enough. Bounded; not thread-safe.
/// </summary>
internal sealed class ProgramLooks(string procRoot, Inspectors inspectors, BashLosses losses, Action<ProgramLook, InspectionEnd> done)
{
    private const int MostOthers = 256;

    private readonly Dictionary<BashFile, ProgramLook> _underWay = [];
    private readonly HungDevices _hung = new(inspectors.Quick);

    /// <summary>The program is being looked into.</summary>
    public bool Contain(in BashFile file) => _underWay.ContainsKey(file);

    /// <summary>Nothing is begun, and nothing noted, when the process has gone: the next one is told again.</summary>
    public void Begin(in RunningProgram program, bool hasBegun)
    {
        if (_underWay.TryGetValue(program.File, out var first))
        {
            if (first.Others.Count < MostOthers)
            {
                first.Others.Add((program, hasBegun));
            }
        }
        else if (!_hung.Contain(program.File.Dev))
        {
            Post(new ProgramLook(procRoot, program, hasBegun, Looked));
        }
    }

    /// <summary>After a scan.</summary>
    public void ForgetHung() => _hung.Forget();

    private void Post(ProgramLook look)
    {
        if (look.Path is null)
        {
            look.Dispose();
            return;
        }

        _underWay.Add(look.Program.File, look);
        if (!(look.IsThorough ? inspectors.Thorough : inspectors.Quick).Post(look))
        {
            _underWay.Remove(look.Program.File);
            losses.CountNoRoom();
        }
    }

    private void Looked(ProgramLook look, InspectionEnd end)
    {
        _underWay.Remove(look.Program.File);
        if (end == InspectionEnd.OverBudget && !look.IsThorough)
        {
            var thorough = new ProgramLook(procRoot, look.Program, look.HasBegun, Looked) { IsThorough = true };
            thorough.Others.AddRange(look.Others);
            Post(thorough);
            return;
        }

        if (end == InspectionEnd.Hung)
        {
            _hung.Add(look.Program.File.Dev);
        }

        if (end != InspectionEnd.Done)
        {
            losses.CountLeftAlone(end);
        }

        done(look, end);
    }
}
