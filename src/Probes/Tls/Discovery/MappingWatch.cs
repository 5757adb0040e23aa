using System.Globalization;
using EbpfActors.Probes.Native;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>Every new executable mapping of the host, as the kernel tells it. Not thread-safe, except <see cref="Wake"/>.</summary>
internal sealed unsafe class MappingWatch : IDisposable
{
    private readonly List<PerfRing> _rings = [];
    private readonly WakeEvent _wake = new();
    private readonly bool _isOff;
    private readonly string _online;
    private LibC.PollFd[] _fds = [];

    /// <param name="isOff">The kernel is not asked at all: nothing but waiting is done here.</param>
    /// <param name="onlineCpus">The file that lists the CPUs.</param>
    internal MappingWatch(bool isOff = false, string onlineCpus = "/sys/devices/system/cpu/online")
    {
        _isOff = isOff;
        _online = onlineCpus;
        WatchNewCpus();
    }

    /// <summary>Receives one mapping; it dies with the call.</summary>
    internal delegate void Consumer(in Mapping mapping);

    /// <summary>Why the kernel told not all new mappings, as of the last <see cref="WatchNewCpus"/>; null when it tells them.</summary>
    internal string? Refused { get; private set; }

    /// <summary>Records that the kernel had no room for.</summary>
    internal long Lost { get; private set; }

    /// <summary>Opens a ring for each CPU that came online since, or was refused.</summary>
    internal void WatchNewCpus()
    {
        Refused = null;
        foreach (var cpu in _isOff ? [] : Cpus(_online))
        {
            if (!_rings.Exists(r => r.Cpu == cpu))
            {
                try
                {
                    _rings.Add(new PerfRing(cpu));
                }
                catch (BpfException e)
                {
                    Refused = e.Message;
                    break;
                }
            }
        }

        _fds = new LibC.PollFd[_rings.Count + 1];
        _fds[0] = new() { Fd = (int)_wake.File.DangerousGetHandle(), Events = LibC.PollIn };
        for (var i = 0; i < _rings.Count; i++)
        {
            _fds[i + 1] = new() { Fd = _rings[i].Fd, Events = LibC.PollIn };
        }
    }

    /// <summary>Blocks until there is a new mapping, <see cref="Wake"/>, or the time is over.</summary>
    internal void Wait(TimeSpan timeout) => Poll(_fds.Length, timeout);

    /// <summary>The same, whatever is mapped.</summary>
    internal void Rest(TimeSpan time) => Poll(1, time);

    internal void Wake() => _wake.Ring();

    /// <summary>Hands out the mappings that wait.</summary>
    internal void Drain(Consumer consumer)
    {
        foreach (var ring in _rings)
        {
            var isSound = ring.Drain(record =>
            {
                switch (Mmap2Record.Kind(record))
                {
                    case Mmap2Record.Mmap2 when Mmap2Record.TryRead(record, out var mapping):
                        consumer(mapping);
                        break;
                    case Mmap2Record.Lost:
                        Lost += (long)Mmap2Record.LostRecords(record);
                        break;
                }
            });
            Lost += isSound ? 0 : 1;
        }
    }

    public void Dispose()
    {
        _rings.ForEach(r => r.Dispose());
        _wake.Dispose();
    }

    /// <summary>Reads a list like <c>0-3,8</c>; CPU 0 alone when there is none to read.</summary>
    internal static IEnumerable<int> Cpus(string file)
    {
        string text;
        try
        {
            text = File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            text = "0";
        }

        foreach (var range in text.Trim().Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = range.Split('-');
            if (int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last))
            {
                for (var cpu = first; cpu <= last; cpu++)
                {
                    yield return cpu;
                }
            }
        }
    }

    private void Poll(int count, TimeSpan timeout)
    {
        fixed (LibC.PollFd* fds = _fds)
        {
            if (LibC.poll(fds, (nuint)count, (int)Math.Clamp(timeout.TotalMilliseconds, 0, int.MaxValue)) > 0
                && (fds[0].Revents & LibC.PollIn) != 0)
            {
                _wake.Take();
            }
        }
    }
}
