using EbpfActors.Probes.Processes;
using EbpfActors.Probes.Bpf;

namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// News from the two functions of the kernel that enter and delete a connection, for all network namespaces at once. Needs
/// BTF with <c>struct nf_conn</c> and a kernel that lets its functions be probed. Namespaces are only visited for dumps.
/// </summary>
internal sealed class KernelRung(ConntrackOptions options, NatTable table, Lock gate) : INatRung
{
    private static readonly (string Name, string[] Programs)[] Forms =
    [
        ("fentry", ["nat_on_insert", "nat_on_delete"]),
        ("kprobe", ["nat_on_insert_k", "nat_on_delete_k"]),
    ];

    private readonly NetworkNamespaces _namespaces = new(options.ProcRoot, options.HostRoot);
    private readonly List<IDisposable> _attached = [];
    private readonly Dictionary<uint, string> _refusals = [];
    private string _form = "";
    private BpfMap? _losses;
    private RingReader? _ring;
    private RingReader.Consumer? _take;
    private long _malformed;
    private long _madeUpFor;
    private int _dumped;

    public IReadOnlyList<HookStatus> Hooks
    {
        get
        {
            lock (gate)
            {
                return
                [
                    new HookStatus("nat-events", _form.Length == 0 ? "" : $"{_form} on __nf_conntrack_hash_insert, nf_ct_delete", ""),
                    new HookStatus("nat-dump", $"netlink in {_dumped} network namespaces", ""),
                    .. _refusals.Select(r => new HookStatus($"nat-dump of namespace {r.Key}", "", r.Value)),
                ];
            }
        }
    }

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
        LoadConntrack();
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

    /// <summary>The functions are in a module on most kernels, and the first question to it loads it.</summary>
    private static void LoadConntrack()
    {
        using var requests = ConntrackSocket.OpenRequests();
        requests.Dump(static (in ConntrackMessage _) => { });
    }

    private void Open()
    {
        BpfException? refusal = null;
        foreach (var (name, programs) in Forms)
        {
            try
            {
                Open(programs);
                _form = name;
                return;
            }
            catch (BpfException e)
            {
                Dispose();
                refusal = new BpfException($"{(refusal is null ? "" : refusal.Reason + "; ")}{name}: {e.Operation}", e.Errno);
            }
        }

        throw refusal!;
    }

    private void Open(string[] programs)
    {
        var conntrack = Keep(BpfObject.Open("conntrack"));
        foreach (var other in Forms.SelectMany(f => f.Programs).Except(programs))
        {
            conntrack.Skip(other);
        }

        conntrack.SetMaxEntries("nat_events", options.ReceiveBytes);
        conntrack.Load();
        _losses = conntrack.Map("nat_losses");
        _ring = Keep(new RingReader(conntrack.Map("nat_events")));
        _take = Take;
        foreach (var program in programs)
        {
            Keep(conntrack.Attach(program));
        }
    }

    /// <summary>The connections that there are. What begins meanwhile is told by the ring as well, what ends is told there last.</summary>
    private void Dump()
    {
        var present = _namespaces.All();
        lock (gate)
        {
            _refusals.Clear();
            table.EndAll(netNs => !present.ContainsKey(netNs));
        }

        foreach (var (inode, path) in present)
        {
            try
            {
                NetworkNamespaces.RunIn(path, () => Dump(inode));
            }
            catch (BpfException e)
            {
                lock (gate)
                {
                    _refusals[inode] = $"its connections from before the agent are reported untranslated: {e.Message}";
                }
            }
        }

        lock (gate)
        {
            _dumped = present.Count - _refusals.Count;
        }
    }

    private void Dump(uint netNs)
    {
        using var requests = ConntrackSocket.OpenRequests();
        lock (gate)
        {
            requests.DumpInto(table, netNs);
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
            table.End(news.Tuple, news.Netns);
        }
    }

    private T Keep<T>(T resource)
        where T : IDisposable
    {
        _attached.Add(resource);
        return resource;
    }
}
