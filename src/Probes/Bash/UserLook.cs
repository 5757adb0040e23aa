using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Native;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>A look at who the users of a process are: its passwd file and the numbers of its user namespace.</summary>
/// <param name="procRoot">The host's /proc.</param>
/// <param name="pid">The process.</param>
/// <param name="place">Where it has to be, or it is another one by now.</param>
/// <param name="isInRoot">Its root has to be that of the place as well: a process may take another one while it runs.</param>
/// <param name="known">The passwd file as it was; null when it was not read yet.</param>
internal sealed class UserLook(string procRoot, uint pid, BashPlace place, bool isInRoot, PasswdFile? known) : Inspection
{
    private readonly ManualResetEventSlim _ended = new();

    /// <summary>Null when the process is gone, or is another one.</summary>
    public PasswdFile? Passwd { get; private set; }

    /// <summary>The lines of its uid_map.</summary>
    public IReadOnlyList<string> UidMap { get; private set; } = [];

    public override void Look(ReadBudget budget)
    {
        try
        {
            using var file = OpenedFile.TryOpenInside($"{procRoot}/{pid}/root", "etc/passwd");
            UidMap = ProcessFiles.ReadLines($"{procRoot}/{pid}/uid_map");
            var passwd = known?.IsStill(file) == true ? known : PasswdFile.Read(file);

            // Asked last: what was found before, or was not, is its own.
            Passwd = IsThere() ? passwd : null;
        }
        finally
        {
            _ended.Set();
        }
    }

    public override void Done(InspectionEnd end)
    {
    }

    /// <summary>False when the file's server takes longer.</summary>
    public bool Wait(TimeSpan patience) => _ended.Wait(patience);

    public override void Dispose()
    {
        // The one that waits may still ask; the event has nothing to release unless somebody waits by a handle.
    }

    private bool IsThere() =>
        ProcessFiles.ReadLink($"{procRoot}/{pid}/ns/mnt") == $"mnt:[{place.Mounts}]"
        && ProcessFiles.ReadLink($"{procRoot}/{pid}/ns/user") == $"user:[{place.Users}]"
        && (!isInRoot || (LibC.StatX($"{procRoot}/{pid}/root", out var root) == 0 && root.Inode == place.RootIno));
}
