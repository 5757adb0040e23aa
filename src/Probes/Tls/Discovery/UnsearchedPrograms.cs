using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>Programs that wait to be searched for traces of TLS, held open. Bounded; not thread-safe.</summary>
internal sealed class UnsearchedPrograms(IInspector inspector, int limit) : IDisposable
{
    private readonly Queue<KnownFile> _waiting = [];
    private bool _isSearching;

    internal bool HasRoom => _waiting.Count < limit;

    /// <summary>True when the opened file is kept.</summary>
    internal bool Add(KnownFile file, IMappedFile opened)
    {
        if (file.Unsearched is not null)
        {
            return false;
        }

        file.WaitsForSearch = !HasRoom;
        if (file.WaitsForSearch)
        {
            return false;
        }

        file.Unsearched = opened;
        _waiting.Enqueue(file);
        return true;
    }

    /// <summary>False when none waits, or anything is looked into.</summary>
    /// <param name="done">Told of the trace, or null.</param>
    internal bool SearchOne(Action<KnownFile, string?, InspectionEnd> done)
    {
        if (_isSearching || !inspector.IsIdle || !_waiting.TryDequeue(out var file))
        {
            return false;
        }

        _isSearching = true;
        var look = new TraceLook(file.Unsearched!, (look, end) =>
        {
            _isSearching = false;
            done(file, end == InspectionEnd.Done ? look.What : null, end);
        });
        file.Unsearched = null;
        if (!inspector.Post(look))
        {
            _isSearching = false;
        }

        return true;
    }

    public void Dispose()
    {
        foreach (var file in _waiting)
        {
            file.Unsearched?.Dispose();
        }
    }
}
