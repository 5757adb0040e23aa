using System.Collections.Concurrent;

namespace EbpfActors.Probes.Bpf;

/// <summary>
/// Lets go of links, for each of which the kernel takes up to a tenth of a second: many at a time share its grace periods, and nobody waits
/// who has something else to do. Thread-safe.
/// </summary>
internal sealed class Detaching
{
    private const int MostThreads = 32;

    private readonly ConcurrentQueue<IDisposable> _links = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Thread> _threads = [];

    /// <summary>Returns at once.</summary>
    public void Begin(IReadOnlyCollection<IDisposable> links)
    {
        foreach (var link in links)
        {
            _links.Enqueue(link);
        }

        lock (_gate)
        {
            for (var wanted = Math.Min(links.Count, MostThreads - _threads.Count); wanted > 0; wanted--)
            {
                var thread = new Thread(Run) { Name = "detach", IsBackground = true };
                _threads.Add(thread);
                thread.Start();
            }
        }
    }

    /// <summary>Waits until all that was begun is done, but no longer than that.</summary>
    public void Finish(TimeSpan most)
    {
        Thread[] threads;
        lock (_gate)
        {
            threads = [.. _threads];
        }

        var deadline = DateTime.UtcNow + most;
        foreach (var thread in threads)
        {
            var left = deadline - DateTime.UtcNow;
            thread.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
    }

    private void Run()
    {
        while (Next() is { } link)
        {
            link.Dispose();
        }
    }

    private IDisposable? Next()
    {
        lock (_gate)
        {
            if (_links.TryDequeue(out var link))
            {
                return link;
            }

            _threads.Remove(Thread.CurrentThread);
            return null;
        }
    }
}
