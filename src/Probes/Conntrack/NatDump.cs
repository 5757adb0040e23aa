using EbpfActors.Probes.Hooks;

namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// Reads the translated connections that there are, one network namespace after the other: the hook <c>nat-dump</c>. One thread owns
/// an instance; <see cref="Status"/> may be asked from any.
/// </summary>
internal sealed class NatDump(NatTable table, Lock gate, WithoutHooks without)
{
    /// <summary>Connections that are entered under one lock.</summary>
    private const int AtOnce = 1024;

    private readonly Ladder _ladder = new(ConntrackHooks.Dump, without);
    private readonly HashSet<uint> _read = [];
    private readonly Dictionary<uint, string> _refusals = [];

    /// <summary>False when it was left out, or the kernel has nobody to ask.</summary>
    public bool IsPossible => _ladder.Rung is not null;

    /// <summary>The hook, and each namespace that refused.</summary>
    public IReadOnlyList<HookStatus> Status()
    {
        lock (gate)
        {
            return
            [
                _ladder.Status($"{_read.Count} read"),
                .. _refusals.Select(r => new HookStatus($"{_ladder.Hook.Name} of namespace {r.Key}", "", $"its connections from before the agent are reported untranslated: {r.Value}")),
            ];
        }
    }

    /// <summary>Reads the namespace that the calling thread is in.</summary>
    public void ReadHere(uint netNs)
    {
        if (!IsPossible)
        {
            return;
        }

        try
        {
            using var requests = ConntrackSocket.OpenRequests();
            Read(netNs, requests);
        }
        catch (BpfException e)
        {
            Refuse(netNs, e);
        }
    }

    /// <summary>Reads the namespace in which the socket was opened.</summary>
    public void Read(uint netNs, ConntrackSocket requests)
    {
        if (!IsPossible)
        {
            return;
        }

        try
        {
            lock (gate)
            {
                table.BeginDump(netNs);
            }

            Enter(ReadAll(requests));
            lock (gate)
            {
                table.EndDump();
                _read.Add(netNs);
                _refusals.Remove(netNs);
            }
        }
        catch (BpfException e)
        {
            lock (gate)
            {
                table.LeaveDump();
            }

            Refuse(netNs, e);
        }
    }

    /// <summary>Without the lock: the kernel takes its time, and look-ups are not to wait for it. One more than the table holds are refused there.</summary>
    private List<(NatTuple Tuple, NatTarget Target)> ReadAll(ConntrackSocket requests)
    {
        var found = new List<(NatTuple, NatTarget)>();
        requests.Dump((in ConntrackMessage message) =>
        {
            if (message.News == ConntrackNews.Known && found.Count <= table.Capacity)
            {
                found.Add((message.Original, message.Target));
            }
        });
        return found;
    }

    private void Enter(List<(NatTuple Tuple, NatTarget Target)> found)
    {
        foreach (var some in found.Chunk(AtOnce))
        {
            lock (gate)
            {
                foreach (var (tuple, target) in some)
                {
                    table.AddDumped(tuple, target);
                }
            }
        }
    }

    /// <summary>Namespaces that have gone.</summary>
    public void Forget(Func<uint, bool> isGone)
    {
        lock (gate)
        {
            _read.RemoveWhere(n => isGone(n));
            foreach (var gone in _refusals.Keys.Where(isGone).ToList())
            {
                _refusals.Remove(gone);
            }
        }
    }

    /// <summary>The namespace cannot be read.</summary>
    public void Refuse(uint netNs, BpfException refusal)
    {
        lock (gate)
        {
            if (refusal.Errno == Errno.Invalid)
            {
                // Without nf_conntrack_netlink nobody answers in any namespace, and each question starts modprobe.
                _ladder.Refuse(refusal.Reason);
            }
            else
            {
                _refusals[netNs] = refusal.Message;
            }
        }
    }
}
