using System.Diagnostics;
using EbpfActors.Probes.Native;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// News as the kernel's events over netlink, with a socket in every network namespace: there on all kernels, and allowed
/// where the kernel's functions may not be probed.
/// </summary>
internal sealed class NetlinkRung(ConntrackOptions options, NatTable table, NatDump dump, Lock gate) : INatRung
{
    /// <summary>After how long a namespace that refused is tried again.</summary>
    private static readonly TimeSpan Forgive = TimeSpan.FromMinutes(1);

    private readonly NetworkNamespaces _namespaces = new(options.ProcRoot, options.HostRoot);
    private readonly Poller _poller = new();
    private readonly Dictionary<uint, Listener> _listeners = [];
    private readonly Dictionary<uint, string> _refusals = [];
    private readonly HashSet<uint> _overrun = [];
    private long _lookedAt;
    private long _forgaveAt = Stopwatch.GetTimestamp();

    public long News { get; private set; }

    public long Overruns { get; private set; }

    public string Detail
    {
        get
        {
            lock (gate)
            {
                return $"{_listeners.Count} now";
            }
        }
    }

    public IReadOnlyList<HookStatus> Problems
    {
        get
        {
            lock (gate)
            {
                return [.. _refusals.Select(r => new HookStatus($"nat-events of namespace {r.Key}", "", r.Value))];
            }
        }
    }

    public void Attach()
    {
        using (var anybody = ConntrackSocket.OpenRequests())
        {
            anybody.Ask();
        }

        Look();
        if (_listeners.Count == 0)
        {
            throw new BpfException($"listen to connection tracking ({string.Join("; ", _refusals.Values.Distinct())})", Errno.NotSupported);
        }
    }

    public void Wait()
    {
        var left = options.LookEvery - Stopwatch.GetElapsedTime(_lookedAt);
        _poller.Wait(left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    public void Wake() => _poller.Wake();

    public void Turn()
    {
        CatchUp();
        if (Stopwatch.GetElapsedTime(_lookedAt) >= options.LookEvery)
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

        lock (gate)
        {
            foreach (var listener in _listeners.Values)
            {
                Drain(listener);
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
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
        lock (gate)
        {
            foreach (var gone in _listeners.Keys.Where(n => !present.ContainsKey(n)).ToList())
            {
                Drain(_listeners[gone]);
                _listeners.Remove(gone, out var listener);
                listener!.Dispose();
                table.EndAll(netNs => netNs == gone);
            }

            if (Stopwatch.GetElapsedTime(_forgaveAt) >= Forgive)
            {
                _refusals.Clear();
                _forgaveAt = Stopwatch.GetTimestamp();
            }

            foreach (var gone in _refusals.Keys.Where(n => !present.ContainsKey(n)).ToList())
            {
                _refusals.Remove(gone);
            }
        }

        dump.Forget(netNs => !present.ContainsKey(netNs));
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
                var listener = new Listener(inode, ConntrackSocket.OpenEvents(options.ReceiveBytes), ConntrackSocket.OpenRequests());
                lock (gate)
                {
                    _listeners.Add(inode, listener);
                    _poller.Add(listener.Socket.File);
                }

                dump.Read(inode, listener.Requests);
            });
        }
        catch (BpfException e)
        {
            lock (gate)
            {
                _refusals[inode] = $"its connections are reported untranslated: {e.Message}";
                if (_listeners.Remove(inode, out var half))
                {
                    half.Dispose();
                }
            }
        }
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
                Overruns++;
                _overrun.Add(listener.NetNs);
                _poller.Wake();
            }
        }
    }

    private void Take(uint netNs, in ConntrackMessage message)
    {
        News++;
        if (message.News == ConntrackNews.Known)
        {
            table.Add(message.Original, netNs, message.Target);
        }
        else if (message.News == ConntrackNews.Gone)
        {
            table.End(message.Original, netNs);
        }
    }

    /// <summary>The kernel has dropped news: what is missing is in a dump, what has ended is not.</summary>
    private void DumpOverrun()
    {
        List<Listener> overrun;
        lock (gate)
        {
            overrun = [.. _overrun.Where(_listeners.ContainsKey).Select(netNs => _listeners[netNs])];
            _overrun.Clear();
        }

        overrun.ForEach(listener => dump.Read(listener.NetNs, listener.Requests));
    }

    private sealed record Listener(uint NetNs, ConntrackSocket Socket, ConntrackSocket Requests) : IDisposable
    {
        private ConntrackSocket.Consumer? _consume;

        public ConntrackSocket.Consumer Consume(NetlinkRung rung) =>
            _consume ??= (in ConntrackMessage message) => rung.Take(NetNs, message);

        public void Dispose()
        {
            Socket.Dispose();
            Requests.Dispose();
        }
    }
}
