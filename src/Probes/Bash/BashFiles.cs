using EbpfActors.Probes.Bpf;

namespace EbpfActors.Probes.Bash;

/// <summary>Tells the kernel side which programs are bash, which are not, and whose probes speak for whom.</summary>
internal sealed class BashFiles(BpfObject bash)
{
    private readonly BpfMap _shells = bash.Map("bash_shells");
    private readonly BpfMap _others = bash.Map("bash_others");
    private readonly BpfMap _owners = bash.Map("bash_owners");
    private readonly BpfMap _told = bash.Map("bash_told");

    /// <summary>
    /// From here on its lines are told as known ones; its execs only when <paramref name="owner"/> is 0, which means that each process has
    /// its own. Where there is no more room, user space goes on deciding about each line.
    /// </summary>
    public void Shell(in BashFile file, uint owner)
    {
        try
        {
            _shells.Put(file, new BashShell { Owner = owner, TellAll = owner == 0 ? 1u : 0u });
        }
        catch (BpfException e) when (e.Errno == Errno.TooBig)
        {
        }
    }

    /// <summary>From here on its execs are told again, and user space decides about its lines.</summary>
    public void Forget(in BashFile file) => _shells.Remove(file);

    /// <summary>From here on neither its lines nor its execs are told.</summary>
    public void Other(in BashFile file) => _others.Put(file, 1u);

    /// <summary>Forgets what a breakpoint has told: before and after it is removed, and after the probe speaks.</summary>
    public void ForgetTold(uint process) => _told.Remove(process);

    public void Owner(uint process, uint owner) => _owners.Put(process, owner);
}
