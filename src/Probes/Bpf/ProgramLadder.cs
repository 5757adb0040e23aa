using EbpfActors.Probes.Hooks;

namespace EbpfActors.Probes.Bpf;

/// <summary>The ladder of a hook with the programs that each rung needs in one BPF object.</summary>
internal sealed class ProgramLadder
{
    private readonly Dictionary<string, string[]> _programs;

    /// <param name="ladder">The hook's ladder. Its rungs that are not in <paramref name="rungs"/> need no program.</param>
    /// <param name="rungs">Programs of each rung, by the rung's name. Several rungs may need the same program.</param>
    public ProgramLadder(Ladder ladder, params ReadOnlySpan<(string Rung, string[] Programs)> rungs)
    {
        Ladder = ladder;
        _programs = [];
        foreach (var (rung, programs) in rungs)
        {
            _programs.Add(ladder.Hook[rung].Name, programs);
        }
    }

    public Ladder Ladder { get; }

    /// <summary>The programs of the rung in use; none when there is no rung, or it needs none.</summary>
    public IReadOnlyList<string> Wanted => Ladder.Rung is { } rung ? _programs.GetValueOrDefault(rung.Name, []) : [];

    /// <summary>The programs of all rungs.</summary>
    public IEnumerable<string> All => _programs.Values.SelectMany(p => p).Distinct();
}
