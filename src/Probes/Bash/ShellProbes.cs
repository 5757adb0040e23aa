using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// What becomes of a shell that is known: probes on the files with its readline, a breakpoint in a process that began before they are
/// there, and the keys by which the kernel side knows it. Attaching is the worker's, in the order in which it was asked for.
/// </summary>
internal sealed class ShellProbes(BashFiles kernel, AttachedFiles attached, FirstLines firstLines, AttachWorker worker)
{
    /// <summary>Attaches to the file of a shell, which is the worker's from now on.</summary>
    public void Attach(FileIdentity identity, uint owner, OpenedFile file, string path, ReadlineSite? site) =>
        worker.Post(() => AttachNow(identity, owner, file, path, site));

    /// <summary>The same of a library: the lines of the process come from that file from then on.</summary>
    public void Attach(uint pid, FileIdentity identity, uint owner, OpenedFile file, string path, ReadlineSite? site) => worker.Post(() =>
    {
        AttachNow(identity, owner, file, path, site);
        kernel.Owner(pid, owner);
    });

    /// <summary>All that was asked for before is done by then.</summary>
    public void Settle(Shell shell) => worker.Post(() => shell.IsSettled = true);

    /// <summary>The kernel side is told when the probe is there: until then a breakpoint may speak.</summary>
    public void Tell(BashFile key, Shell shell)
    {
        if (shell.NeedsLibrary)
        {
            kernel.Shell(key, owner: 0);
            return;
        }

        worker.Post(() =>
        {
            kernel.Shell(key, shell.Owner);
            if (shell.IsForgotten)
            {
                kernel.Forget(key);
            }
        });
    }

    /// <summary>An exec of it is told again from now on.</summary>
    public void Forget(Shell shell)
    {
        shell.IsForgotten = true;
        foreach (var key in shell.Keys)
        {
            kernel.Forget(key);
        }
    }

    /// <summary>Detaches from all other files.</summary>
    public void KeepOnly(HashSet<FileIdentity> files) => worker.Post(() => attached.KeepOnly(files));

    /// <summary>Watches for the lines of a process until <see cref="EndWatch"/>; null where that is not possible.</summary>
    public IDisposable? Watch(uint pid, ReadlineSite? site, IReadOnlyList<MappedCode> code) => site is null ? null : firstLines.Watch(pid, site, code);

    /// <summary>Once the worker has attached to the file, and no line is left that was told by the breakpoint and has yet to meet the probe.</summary>
    public void EndWatch(uint pid, IDisposable? watched)
    {
        if (watched is null)
        {
            return;
        }

        worker.PostLater(() =>
        {
            kernel.ForgetTold(pid);
            watched.Dispose();
            kernel.ForgetTold(pid); // or the probe would be silent for what the breakpoint told meanwhile
        });
    }

    private void AttachNow(FileIdentity identity, uint owner, OpenedFile file, string path, ReadlineSite? site)
    {
        using (file)
        {
            if (!worker.IsStopping)
            {
                attached.Attach(identity, owner, file, path, site);
            }
        }
    }
}
