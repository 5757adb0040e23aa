using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Native;

/// <summary>Waits for any of many descriptors, or to be woken. A closed descriptor leaves by itself. Thread-safe.</summary>
internal sealed class Poller : IDisposable
{
    private readonly Epoll _all = new();
    private readonly Epoll _sources = new();
    private readonly WakeEvent _wake = new();

    internal Poller()
    {
        _all.Add(_wake.File);
        _all.Add(_sources.File);
    }

    internal void Add(SafeFileHandle source) => _sources.Add(source);

    /// <summary>Whether any source can be read now.</summary>
    internal bool HasNews() => _sources.Wait(TimeSpan.Zero);

    internal void Wait(TimeSpan timeout)
    {
        if (_all.Wait(timeout))
        {
            _wake.Take();
        }
    }

    internal void Wake() => _wake.Ring();

    public void Dispose()
    {
        _all.Dispose();
        _sources.Dispose();
        _wake.Dispose();
    }
}
