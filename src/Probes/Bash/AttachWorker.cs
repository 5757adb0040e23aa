using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// A thread for what waits for the kernel's grace periods, attaching and detaching, one after the other in order: new shells
/// are not to wait behind it.
/// </summary>
internal sealed class AttachWorker : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _failure;

    public AttachWorker()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "bash-attach" };
        _thread.Start();
    }

    public void Post(Action work) => _work.Add(work);

    /// <summary>Waits until everything that was posted before is done.</summary>
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
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private void Run()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            try
            {
                work();
            }
            catch (BpfException e)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            }
        }
    }
}
