using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Net.SockDiag;

/// <summary>A sock_diag socket in each network namespace of the host. Belongs to one thread, which visits namespaces to open them.</summary>
internal sealed class DiagNamespaces(string procRoot, string hostRoot, int receiveBytes) : IDisposable
{
    private readonly NetworkNamespaces _namespaces = new(procRoot, hostRoot);
    private readonly Dictionary<uint, SockDiagSocket> _sockets = [];
    private readonly HashSet<uint> _refused = [];

    /// <summary>By the namespace's inode.</summary>
    public IReadOnlyDictionary<uint, SockDiagSocket> Sockets => _sockets;

    /// <summary>Looks for namespaces that are new and lets go of those that have gone.</summary>
    /// <param name="joined">Called for each new one, in this thread, after its socket hears of what is destroyed.</param>
    /// <exception cref="BpfException">No namespace at all lets its sockets be read; the reason is that of the last.</exception>
    public void Look(Action<uint, SockDiagSocket> joined)
    {
        var present = _namespaces.All();
        foreach (var gone in _sockets.Keys.Where(n => !present.ContainsKey(n)).ToList())
        {
            _sockets.Remove(gone, out var socket);
            socket!.Dispose();
        }

        _refused.RemoveWhere(n => !present.ContainsKey(n));
        BpfException? refusal = null;
        foreach (var (inode, path) in present.Where(n => !_sockets.ContainsKey(n.Key) && !_refused.Contains(n.Key)))
        {
            refusal = Join(inode, path, joined) ?? refusal;
        }

        if (_sockets.Count == 0 && refusal is not null)
        {
            throw refusal;
        }
    }

    public void Dispose()
    {
        foreach (var socket in _sockets.Values)
        {
            socket.Dispose();
        }

        _sockets.Clear();
    }

    private BpfException? Join(uint inode, string path, Action<uint, SockDiagSocket> joined)
    {
        SockDiagSocket? opened = null;
        try
        {
            NetworkNamespaces.RunIn(path, () =>
            {
                opened = new SockDiagSocket();
                if (receiveBytes > 0)
                {
                    opened.ListenForDestroyed(receiveBytes);
                }
            });
            if (opened is not null)
            {
                joined(inode, opened);
                _sockets.Add(inode, opened);
            }

            return null;
        }
        catch (BpfException e)
        {
            opened?.Dispose();
            _refused.Add(inode);
            return e;
        }
    }
}
