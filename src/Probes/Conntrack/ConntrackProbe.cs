using System.Diagnostics;
using EbpfActors.Probes.Net;

namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// Destination NAT by the kernel's own events over netlink, with a socket in every network namespace. Events are queued
/// before the packet goes on, so that a look-up after <see cref="CatchUp"/> knows every connection that was seen before.
/// </summary>
public sealed class ConntrackProbe : IConntrackProbe
{
    private readonly ConntrackOptions _options;
    private readonly NetworkNamespaces _namespaces;
    private readonly NatTable _table;
    private readonly Poller _poller = new();

    /// <summary>Guards the table and the sockets: news is read by whoever needs it first.</summary>
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, Listener> _listeners = [];
    private readonly Dictionary<uint, string> _refusals = [];
    private readonly HashSet<uint> _overrun = [];
    private long _lookedAt;
    private long _news;
    private long _overruns;
    private uint _generation;

    public ConntrackProbe(ConntrackOptions options)
    {
        _options = options;
        _namespaces = new NetworkNamespaces(options.ProcRoot, options.HostRoot);
        _table = new NatTable(options.MaxConnections, options.Linger, TimeProvider.System);
    }

    public IReadOnlyList<HookStatus> Hooks
    {
        get
        {
            lock (_gate)
            {
                return
                [
                    new HookStatus("nat-events", _listeners.Count > 0 ? $"netlink in {_listeners.Count} network namespaces" : "", ""),
                    .. _refusals.Select(r => new HookStatus($"nat-events of namespace {r.Key}", "", r.Value)),
                ];
            }
        }
    }

    public IReadOnlyList<HookStatus> Attach()
    {
        Look();
        return _listeners.Count > 0
            ? Hooks
            : throw new BpfException($"listen to connection tracking ({string.Join("; ", _refusals.Values.Distinct())})", Errno.NotSupported);
    }

    public void Wait()
    {
        var left = _options.LookEvery - Stopwatch.GetElapsedTime(_lookedAt);
        _poller.Wait(left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    public void Wake() => _poller.Wake();

    public void Turn()
    {
        CatchUp();
        if (Stopwatch.GetElapsedTime(_lookedAt) >= _options.LookEvery)
        {
            Look();
        }

        DumpOverrun();
    }

    public void CatchUp()
    {
        if (!_poller.HasNews())
        {
            return;
        }

        lock (_gate)
        {
            foreach (var listener in _listeners.Values)
            {
                Drain(listener);
            }
        }
    }

    public NatTarget Find(in FlowIdentity flow)
    {
        lock (_gate)
        {
            return _table.Count == 0 ? default : _table.Find(NatTuple.Of(flow), flow.NetNamespace);
        }
    }

    public ProbeCounters Counters()
    {
        lock (_gate)
        {
            var losses = new List<ProbeLoss>();
            Add(losses, "nat-events-overrun", _overruns);
            Add(losses, "nat-table-full", _table.Refused);
            Add(losses, "nat-ambiguous", _table.Ambiguous);
            return new ProbeCounters(_news, losses, [new TableFill("translated connections", _table.Count, _table.Capacity)]);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var listener in _listeners.Values)
            {
                listener.Dispose();
            }

            _listeners.Clear();
        }

        _poller.Dispose();
    }

    private void Look()
    {
        var present = _namespaces.All();
        lock (_gate)
        {
            foreach (var gone in _listeners.Keys.Where(n => !present.ContainsKey(n)).ToList())
            {
                Drain(_listeners[gone]);
                _listeners.Remove(gone, out var listener);
                listener!.Dispose();
                _table.EndAll(gone);
            }

            foreach (var gone in _refusals.Keys.Where(n => !present.ContainsKey(n)).ToList())
            {
                _refusals.Remove(gone);
            }
        }

        foreach (var (inode, path) in present.Where(n => !_listeners.ContainsKey(n.Key) && !_refusals.ContainsKey(n.Key)))
        {
            Join(inode, path);
        }

        _lookedAt = Stopwatch.GetTimestamp();
    }

    /// <summary>Listens first and asks then: what begins in between is told twice, what ends in between is told last.</summary>
    private void Join(uint inode, string path)
    {
        try
        {
            NetworkNamespaces.RunIn(path, () =>
            {
                var listener = new Listener(inode, ConntrackSocket.OpenEvents(_options.ReceiveBytes), ConntrackSocket.OpenRequests());
                lock (_gate)
                {
                    _listeners.Add(inode, listener);
                    _poller.Add(listener.Socket.File);
                    Dump(listener);
                }
            });
        }
        catch (BpfException e)
        {
            lock (_gate)
            {
                _refusals[inode] = $"its connections are reported untranslated: {e.Message}";
                if (_listeners.Remove(inode, out var half))
                {
                    half.Dispose();
                }
            }
        }
    }

    private void Dump(Listener listener)
    {
        var generation = ++_generation;
        listener.Requests.Dump((in ConntrackMessage message) =>
        {
            if (message.News == ConntrackNews.Known)
            {
                _table.Add(message.Original, listener.NetNs, message.Target, generation);
            }
        });
        _table.EndAllBut(listener.NetNs, generation);
    }

    private void Drain(Listener listener)
    {
        while (true)
        {
            try
            {
                while (listener.Socket.Receive(listener.Consume(this)))
                {
                }

                return;
            }
            catch (BpfException e) when (e.Errno == Errno.NoBuffers)
            {
                _overruns++;
                _overrun.Add(listener.NetNs);
                _poller.Wake();
            }
        }
    }

    private void Take(uint netNs, in ConntrackMessage message)
    {
        _news++;
        if (message.News == ConntrackNews.Known)
        {
            _table.Add(message.Original, netNs, message.Target, _generation);
        }
        else if (message.News == ConntrackNews.Gone)
        {
            _table.End(message.Original, netNs);
        }
    }

    /// <summary>The kernel has dropped news: what is missing is in a dump, what has ended is not.</summary>
    private void DumpOverrun()
    {
        lock (_gate)
        {
            foreach (var netNs in _overrun)
            {
                if (_listeners.TryGetValue(netNs, out var listener))
                {
                    Dump(listener);
                }
            }

            _overrun.Clear();
        }
    }

    private static void Add(List<ProbeLoss> losses, string reason, long count)
    {
        if (count > 0)
        {
            losses.Add(new ProbeLoss(reason, count, 0));
        }
    }

    private sealed record Listener(uint NetNs, ConntrackSocket Socket, ConntrackSocket Requests) : IDisposable
    {
        private ConntrackSocket.Consumer? _consume;

        public ConntrackSocket.Consumer Consume(ConntrackProbe probe) =>
            _consume ??= (in ConntrackMessage message) => probe.Take(NetNs, message);

        public void Dispose()
        {
            Socket.Dispose();
            Requests.Dispose();
        }
    }
}
