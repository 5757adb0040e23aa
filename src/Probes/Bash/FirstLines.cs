using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// What a new shell returns from readline until its file has a probe: attaching one takes a grace period of the kernel, a shell takes
/// less to read its first line when that was typed ahead.
/// </summary>
internal sealed class FirstLines(BpfObject bash, bool areAllowed)
{
    private const int MostBreakpoints = 4;
    private const int MostProcesses = 256; // each breakpoint is two descriptors

    private int _watched;

    /// <summary>To be disposed of once the probe speaks. Null where there are no breakpoints, and when the process has gone.</summary>
    public IDisposable? Watch(uint pid, ReadlineSite site, IReadOnlyList<MappedCode> code)
    {
        var breakpoints = new List<IDisposable>();
        foreach (var offset in areAllowed && !site.IsEntry && Volatile.Read(ref _watched) < MostProcesses ? site.Offsets.Take(MostBreakpoints) : [])
        {
            foreach (var part in code)
            {
                if (part.Address(offset) is { } address && Breakpoint.TryAttach(bash, BashLadders.OnBreak, pid, address) is { } breakpoint)
                {
                    breakpoints.Add(breakpoint);
                }
            }
        }

        if (breakpoints.Count == 0)
        {
            return null;
        }

        Interlocked.Increment(ref _watched);
        return new Watched(this, breakpoints);
    }

    private sealed class Watched(FirstLines owner, List<IDisposable> breakpoints) : IDisposable
    {
        public void Dispose()
        {
            breakpoints.ForEach(b => b.Dispose());
            Interlocked.Decrement(ref owner._watched);
        }
    }
}
