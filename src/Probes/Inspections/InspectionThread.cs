using System.Diagnostics;

namespace EbpfActors.Probes.Inspections;

/// <summary>
/// Looks into foreign files on a thread of its own, so that neither a hostile file nor a file system that never answers stops anything else.
/// A thread that does not come back is left alone and another one takes its place, up to a limit. Methods belong to the thread that asks.
/// </summary>
/// <param name="name">Of the threads.</param>
/// <param name="limits">Of each file and all together.</param>
/// <param name="wake">Called on the inspection thread when something has ended: then <see cref="TakeEnded"/>.</param>
/// <param name="begin">Called first on each inspection thread.</param>
internal sealed class InspectionThread(string name, InspectionLimits limits, Action wake, Action? begin = null) : IInspector, IDisposable
{
    private static readonly TimeSpan StopsWithin = TimeSpan.FromMilliseconds(500);

    private readonly object _gate = new();
    private readonly Queue<Inspection> _waiting = [];
    private readonly Queue<(Inspection What, InspectionEnd End)> _ended = [];
    private readonly Allowance _allowance = new(limits, TimeProvider.System);
#pragma warning disable CA2213 // A thread that was left alone may still ask it.
    private readonly CancellationTokenSource _stop = new();
#pragma warning restore CA2213
    private Worker? _worker;
    private int _abandoned;
    private bool _isOver;

    public int Abandoned
    {
        get
        {
            lock (_gate)
            {
                return _abandoned;
            }
        }
    }

    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count == 0 && _ended.Count == 0 && _worker?.Current is null;
            }
        }
    }

    /// <summary>Another one finds room.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count < limits.MaxWaiting;
            }
        }
    }

    /// <summary>When <see cref="TakeEnded"/> has to look for a thread that hangs, though nobody wakes it.</summary>
    public TimeSpan UntilLook
    {
        get
        {
            lock (_gate)
            {
                return _worker?.Current is null ? TimeSpan.MaxValue
                    : limits.HangsAfter - Stopwatch.GetElapsedTime(_worker.Since) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    public bool Post(Inspection inspection)
    {
        lock (_gate)
        {
            if (!_isOver && _waiting.Count < limits.MaxWaiting && HasWorker())
            {
                _waiting.Enqueue(inspection);
                Monitor.PulseAll(_gate);
                return true;
            }
        }

        inspection.Dispose();
        return false;
    }

    /// <summary>Hands out what has ended, and leaves a thread alone that does not come back.</summary>
    public void TakeEnded()
    {
        if (LeaveHung() is { } hung)
        {
            hung.Done(InspectionEnd.Hung);
        }

        while (NextEnded() is var (what, end))
        {
            using (what)
            {
                what.Done(end);
            }
        }
    }

    /// <summary>Ends the thread at its next read; one that hangs is left alone.</summary>
    public void Dispose()
    {
        Thread? thread;
        lock (_gate)
        {
            _isOver = true;
            thread = _worker?.Thread;
            Monitor.PulseAll(_gate);
        }

        _stop.Cancel();
        thread?.Join(StopsWithin);
        lock (_gate)
        {
            foreach (var inspection in _waiting.Concat(_ended.Select(e => e.What)))
            {
                inspection.Dispose();
            }

            _waiting.Clear();
            _ended.Clear();
        }
    }

    private bool HasWorker()
    {
        if (_worker is null && _abandoned < limits.MaxAbandoned)
        {
            var worker = new Worker();
            worker.Thread = new Thread(() => Run(worker)) { Name = name, IsBackground = true };
            _worker = worker;
            worker.Thread.Start();
        }

        return _worker is not null;
    }

    private Inspection? LeaveHung()
    {
        lock (_gate)
        {
            if (_worker is not { Current: { } current } hung || Stopwatch.GetElapsedTime(hung.Since) < limits.HangsAfter)
            {
                return null;
            }

            _worker = null;
            _abandoned++;
            if (_waiting.Count > 0)
            {
                HasWorker();
            }

            return current;
        }
    }

    private (Inspection What, InspectionEnd End)? NextEnded()
    {
        lock (_gate)
        {
            return _ended.TryDequeue(out var ended) ? ended : null;
        }
    }

    private void Run(Worker me)
    {
        begin?.Invoke();
        while (Take(me) is var (next, budget))
        {
            var end = Look(next, budget);
            if (!Leave(me, next, budget, end))
            {
                next.Dispose();
            }
        }
    }

    private (Inspection Next, ReadBudget Budget)? Take(Worker me)
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_isOver && _worker == me)
            {
                Monitor.Wait(_gate);
            }

            if (_isOver || _worker != me)
            {
                return null;
            }

            me.Since = Stopwatch.GetTimestamp();
            me.Current = _waiting.Dequeue();
            return (me.Current, _allowance.Next(_stop.Token));
        }
    }

    private static InspectionEnd Look(Inspection inspection, ReadBudget budget)
    {
        try
        {
            inspection.Look(budget);
            return InspectionEnd.Done;
        }
#pragma warning disable CA1031 // Whatever a foreign file does to the one that reads it: that file is left alone.
        catch (Exception)
#pragma warning restore CA1031
        {
            return InspectionEnd.OverBudget;
        }
    }

    /// <summary>False when nobody waits for the result.</summary>
    private bool Leave(Worker me, Inspection inspection, ReadBudget budget, InspectionEnd end)
    {
        lock (_gate)
        {
            _allowance.Spend(budget);
            me.Current = null;
            if (_isOver)
            {
                return false;
            }

            if (_worker != me)
            {
                // It has come back after all, and serves again where nobody has taken its place.
                _abandoned--;
                _worker ??= me;
                return false;
            }

            _ended.Enqueue((inspection, end));
        }

        wake();
        return true;
    }

    private sealed class Worker
    {
        public Thread? Thread { get; set; }

        public Inspection? Current { get; set; }

        public long Since { get; set; }
    }
}
