using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// News from the two functions of the kernel that enter and delete a connection, for all network namespaces at once. Needs
/// BTF with <c>struct nf_conn</c> and a kernel that lets its functions be probed. Namespaces are only visited for dumps. <c>form</c> is the rung's
/// name in <see cref="Hooks.ConntrackHooks.Events"/>.
/// </summary>
internal sealed class KernelRung(string form, ConntrackOptions options, NatTable table, NatDump dump, Lock gate) : INatRung
{
    private static readonly Dictionary<string, string[]> Programs = new()
    {
        ["fentry"] = ["nat_on_insert", "nat_on_delete"],
        ["kprobe"] = ["nat_on_insert_k", "nat_on_delete_k"],
    };

    private readonly NetworkNamespaces _namespaces = new(options.ProcRoot, options.HostRoot);
    private readonly List<IDisposable> _attached = [];
    private BpfMap? _losses;
    private RingReader? _ring;
    private RingReader.Consumer? _take;
    private long _malformed;
    private long _madeUpFor;

    public string Detail => "";

    public IReadOnlyList<HookStatus> Problems => [];

    public long News { get; private set; }

    public long Overruns
    {
        get
        {
            lock (gate)
            {
                return _attached.Count == 0 ? 0 : _losses!.ReadPerCpu<long>(0).Sum() + _malformed;
            }
        }
    }

    public void Attach()
    {
        Open();
        Dump();
    }

    public void Wait() => _ring!.Wait(options.LookEvery);

    public void Wake() => _ring?.Wake();

    public void Turn()
    {
        CatchUp();
        if (Overruns is var lost && lost != _madeUpFor)
        {
            _madeUpFor = lost;
            Dump();
        }
    }

    public void CatchUp()
    {
        lock (gate)
        {
            // The net plugin may still ask when this is over.
            if (_attached.Count > 0)
            {
                _ring!.Drain(_take!);
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            for (var i = _attached.Count - 1; i >= 0; i--)
            {
                _attached[i].Dispose();
            }

            _attached.Clear();
        }
    }

    private void Open()
    {
        var conntrack = Keep(BpfObject.Open("conntrack"));
        foreach (var other in Programs.Where(p => p.Key != form).SelectMany(p => p.Value))
        {
            conntrack.Skip(other);
        }

        conntrack.SetMaxEntries("nat_events", options.ReceiveBytes);
        conntrack.Load();
        _losses = conntrack.Map("nat_losses");
        _ring = Keep(new RingReader(conntrack.Map("nat_events")));
        _take = Take;
        foreach (var program in Programs[form])
        {
            Keep(conntrack.Attach(program));
        }
    }

    /// <summary>The connections that there are. What begins meanwhile is told by the ring as well, what ends is told there last.</summary>
    private void Dump()
    {
        if (!dump.IsPossible)
        {
            return;
        }

        var present = _namespaces.All();
        dump.Forget(netNs => !present.ContainsKey(netNs));
        lock (gate)
        {
            table.EndAll(netNs => !present.ContainsKey(netNs));
        }

        foreach (var (inode, path) in present)
        {
            try
            {
                NetworkNamespaces.RunIn(path, () => dump.ReadHere(inode));
            }
            catch (BpfException e)
            {
                dump.Refuse(inode, e);
            }
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        if (!NatEvent.TryRead(bytes, out var news))
        {
            _malformed++;
            return;
        }

        News++;
        if (news.News == NatEvent.Known)
        {
            table.Add(news.Tuple, news.Netns, new NatTarget(IpAddress.Read(news.Target), news.TargetPort));
        }
        else
        {
            table.End(news.Tuple, news.Netns, news.AtNs);
        }
    }

    private T Keep<T>(T resource)
        where T : IDisposable
    {
        _attached.Add(resource);
        return resource;
    }
}
