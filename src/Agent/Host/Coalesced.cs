namespace EbpfActors.Agent.Host;

/// <summary>
/// An action that is asked for more often than it can run: one run at a time, and one more for all that asked meanwhile. Whoever asks
/// never waits, so it may be asked for from a signal handler. Thread-safe.
/// </summary>
/// <param name="action">Runs on a thread of the pool; must not throw.</param>
public sealed class Coalesced(Action action)
{
    private const int Idle = 0;
    private const int Running = 1;
    private const int AskedAgain = 2;

    private int _state = Idle;

    /// <summary>The action begins after this call at least once.</summary>
    public void Ask()
    {
        if (Interlocked.CompareExchange(ref _state, Running, Idle) == Idle)
        {
            ThreadPool.UnsafeQueueUserWorkItem(run => run.Run(), this, preferLocal: false);
        }
        else if (Interlocked.CompareExchange(ref _state, AskedAgain, Running) == Idle)
        {
            // It ended between the two looks.
            Ask();
        }
    }

    private void Run()
    {
        do
        {
            Interlocked.Exchange(ref _state, Running);
            action();
        }
        while (Interlocked.CompareExchange(ref _state, Idle, Running) == AskedAgain);
    }
}
