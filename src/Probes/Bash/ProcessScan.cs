using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>A walk over all processes of the host, by the best rung that the kernel allows. Not thread-safe.</summary>
/// <param name="iterator">Attached; null when the ladder is not on that rung.</param>
/// <param name="ladder">Of <c>bash-shells</c>. It moves on when the iterator is refused while the agent runs.</param>
/// <param name="procRoot">The host's /proc.</param>
internal sealed class ProcessScan(BpfIterator? iterator, Ladder ladder, string procRoot)
{
    private readonly ProcessMaps _processes = new(procRoot);

    /// <summary>Hands out each process with its program. A process may come twice when a rung is refused half way.</summary>
    /// <param name="known">Processes that are looked at where no rung is left: what is known already must be let go when it ends.</param>
    /// <param name="each">Receives them.</param>
    public void Run(IReadOnlyCollection<uint> known, Action<RunningProgram> each)
    {
        if (ladder.IsOn("iter") && TryIterate(each))
        {
            return;
        }

        foreach (var pid in ladder.IsOn("proc") ? _processes.Processes().Select(p => (uint)p) : known)
        {
            if (RunningProgram.Read(procRoot, pid) is { } program)
            {
                each(program);
            }
        }
    }

    private bool TryIterate(Action<RunningProgram> each)
    {
        try
        {
            iterator!.Run(bytes =>
            {
                var whole = MemoryMarshal.Cast<byte, BashProcess>(bytes);
                foreach (ref readonly var process in whole)
                {
                    each(RunningProgram.Of(process));
                }

                return whole.Length * Unsafe.SizeOf<BashProcess>();
            });
            return true;
        }
        catch (BpfException e)
        {
            ladder.Refuse(e.Reason);
            return false;
        }
    }
}
