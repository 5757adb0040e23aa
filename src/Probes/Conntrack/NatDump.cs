using EbpfActors.Probes.Hooks;

namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// Reads the translated connections that there are, one network namespace after the other: the hook <c>nat-dump</c>. One thread owns
/// an instance; <see cref="Status"/> may be asked from any.
/// </summary>
internal sealed class NatDump(NatTable table, Lock gate, WithoutHooks without)
{
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
                requests.DumpInto(table, netNs);
                _read.Add(netNs);
                _refusals.Remove(netNs);
            }
        }
        catch (BpfException e)
        {
            Refuse(netNs, e);
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

    private void Refuse(uint netNs, BpfException refusal)
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
