using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using EbpfActors.Probes.Native;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// A thread for what waits for the kernel's grace periods, attaching and detaching, one after the other in order: new shells
/// are not to wait behind it.
/// </summary>
internal sealed class AttachWorker : IDisposable
{
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(5);

    private readonly BlockingCollection<Action> _work = [];
    private readonly Queue<(long Since, Action Work)> _later = [];
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _isStopping;

    public AttachWorker()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "bash-attach" };
        _thread.Start();
    }

    /// <summary>What is left is done without what may take long.</summary>
    public bool IsStopping => _isStopping;

    public void Post(Action work) => _work.Add(work);

    /// <summary>Five seconds after all that was posted before; at once when the worker ends.</summary>
    public void PostLater(Action work) => Post(() => _later.Enqueue((Stopwatch.GetTimestamp(), work)));

    /// <summary>Waits until everything that was posted before, except for later, is done.</summary>
    public void Flush()
    {
        using var done = new ManualResetEventSlim();
        _work.Add(done.Set);
        done.Wait();
        ThrowIfFailed();
    }

    /// <summary>Throws what ended some work, where supervision sees it.</summary>
    public void ThrowIfFailed() => Interlocked.Exchange(ref _failure, null)?.Throw();

    public void Dispose()
    {
        _isStopping = true;
        _work.CompleteAdding();
        if (_thread.Join(StopsWithin))
        {
            _work.Dispose(); // else the kernel does not let it go
        }
    }

    private void Run()
    {
        Urgency.Soon();
        while (!_work.IsCompleted)
        {
            if (_work.TryTake(out var work, UntilLater()))
            {
                Do(work);
            }

            while (_later.Count > 0 && (_work.IsCompleted || UntilLater() == 0))
            {
                Do(_later.Dequeue().Work);
            }
        }
    }

    /// <summary>Milliseconds; -1 for ever.</summary>
    private int UntilLater() =>
        _later.TryPeek(out var next) ? (int)Math.Max(0, Math.Ceiling((Later - Stopwatch.GetElapsedTime(next.Since)).TotalMilliseconds)) : -1;

    private void Do(Action work)
    {
        try
        {
            work();
        }
#pragma warning disable CA1031 // Whatever it is: the reader throws it, where supervision sees it, and this thread goes on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
        }
    }
}
