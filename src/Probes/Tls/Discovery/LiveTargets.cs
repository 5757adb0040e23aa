using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>The files with TLS that are mapped, each once however many identities lead to it, and what the sink is told of them. Bounded.</summary>
internal sealed class LiveTargets(ITlsDiscoverySink sink, int limit, TimeProvider time) : IDisposable
{
    private readonly List<LiveTarget> _targets = [];
    private bool _isFull;

    internal int Count => _targets.Count;

    /// <summary>As of now; what is given stays as it is.</summary>
    internal IReadOnlyList<IMappedFile> Files { get; private set; } = [];

    /// <summary>The target that is this very file under another device, which only overlays can bring about.</summary>
    internal LiveTarget? Same(IMappedFile opened) => _targets.Find(t => AreSame(t.File, opened));

    /// <summary>Whether they are one file under two devices. From any thread.</summary>
    internal static bool AreSame(IMappedFile one, IMappedFile other) => (one.IsOnOverlay || other.IsOnOverlay) && one.Origin == other.Origin;

    /// <summary>Takes over the open file; false, and nothing taken, when there are too many.</summary>
    internal bool Add(KnownFile known, TlsTarget target, IMappedFile opened, int pid)
    {
        if (_targets.Count >= limit)
        {
            if (!_isFull)
            {
                _isFull = true;
                sink.Failed(default, target.MappedPath, pid, $"already {limit} files with TLS; this and further ones are not captured");
            }

            return false;
        }

        if (_isFull)
        {
            _isFull = false;
            sink.Settled(default);
        }

        var live = new LiveTarget(target, opened, pid);
        _targets.Add(live);
        Files = [.. _targets.Select(t => t.File)];
        Name(known, live);
        Announce();
        return true;
    }

    internal static void Name(KnownFile known, LiveTarget target)
    {
        known.Targets.Add(target);
        target.Names++;
    }

    /// <summary>An identity no longer leads to it.</summary>
    internal void Release(LiveTarget target)
    {
        if (--target.Names == 0)
        {
            _targets.Remove(target);
            Files = [.. _targets.Select(t => t.File)];
            if (target.IsAnnounced)
            {
                sink.Gone(target.Target.File);
            }

            target.File.Dispose();
        }
    }

    public void Dispose() => _targets.ForEach(t => t.File.Dispose());

    /// <summary>
    /// Tells what is new, and again what the sink could not take and is due; returns the time until the next one is, or the longest time
    /// there is. A libcrypto waits until there is a libssl: many programs have it for its ciphers alone, and a probe in it would cost them
    /// for nothing.
    /// </summary>
    internal TimeSpan Announce()
    {
        var isBioWriteNeeded = _targets.Exists(t => t.NeedsBioWrite);
        var next = TimeSpan.MaxValue;
        foreach (var live in _targets)
        {
            var now = time.GetUtcNow();
            if (live.IsAnnounced ? live.DueAt <= now : isBioWriteNeeded || !live.IsOnlyBioWrite)
            {
                Tell(live, now);
            }

            if (live.DueAt - now is { } wait && wait < next)
            {
                next = wait;
            }
        }

        return next;
    }

    private void Tell(LiveTarget live, DateTimeOffset now)
    {
        var isTaken = false;
        try
        {
            isTaken = sink.Found(live.Target, live.Pid);
        }
        finally
        {
            live.Told(isTaken, now);
        }
    }
}
