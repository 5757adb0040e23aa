using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace EbpfActors.TestSupport;

/// <summary>
/// The one way in which tests wait for what another thread, process or the kernel brings about: they look again and again until it is
/// so. The deadline is far beyond what a busy machine needs, is measured by the monotonic clock, and ends in an exception that says
/// what was waited for and what was seen instead.
/// </summary>
public static class Eventually
{
    /// <summary>Reached only by a test that fails: what a test expects takes milliseconds, on a machine that is overloaded seconds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(5);

    /// <summary>A failed attempt costs an exception: more of them would leave a slow CPU no time for what is waited for.</summary>
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromMilliseconds(20);

    /// <param name="condition">What shall hold; an exception of it ends the wait.</param>
    /// <param name="seen">What is the case instead; asked for when the time is up.</param>
    /// <param name="deadline">Instead of <see cref="Patience"/>.</param>
    /// <param name="meanwhile">Done before every look, for example to let virtual time pass.</param>
    /// <param name="betweenLooks">Milliseconds are the rule; more where a look costs much.</param>
    /// <param name="what">The condition in words; its source text unless given.</param>
    /// <exception cref="TimeoutException">It did not hold in time.</exception>
    public static async Task HoldsAsync(
        Func<Task<bool>> condition,
        Func<string>? seen = null,
        TimeSpan? deadline = null,
        Action? meanwhile = null,
        TimeSpan? betweenLooks = null,
        [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var start = Stopwatch.GetTimestamp();
        meanwhile?.Invoke();
        while (!await condition())
        {
            ThrowIfOver(start, deadline ?? Patience, what, seen);
            await Task.Delay(betweenLooks ?? BetweenLooks);
            meanwhile?.Invoke();
        }
    }

    /// <inheritdoc cref="HoldsAsync(Func{Task{bool}}, Func{string}, TimeSpan?, Action, TimeSpan?, string)"/>
    public static Task HoldsAsync(
        Func<bool> condition,
        Func<string>? seen = null,
        TimeSpan? deadline = null,
        Action? meanwhile = null,
        TimeSpan? betweenLooks = null,
        [CallerArgumentExpression(nameof(condition))] string what = "") =>
        HoldsAsync(() => Task.FromResult(condition()), seen, deadline, meanwhile, betweenLooks, what);

    /// <summary>The same on the caller's thread, for those that may not leave it.</summary>
    /// <inheritdoc cref="HoldsAsync(Func{Task{bool}}, Func{string}, TimeSpan?, Action, TimeSpan?, string)"/>
    public static void Holds(
        Func<bool> condition,
        Func<string>? seen = null,
        TimeSpan? deadline = null,
        Action? meanwhile = null,
        [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var start = Stopwatch.GetTimestamp();
        meanwhile?.Invoke();
        while (!condition())
        {
            ThrowIfOver(start, deadline ?? Patience, what, seen);
            Thread.Sleep(BetweenLooks);
            meanwhile?.Invoke();
        }
    }

    /// <summary>Tries until it does not throw <typeparamref name="TRefusal"/>; the last refusal is the exception's inner one.</summary>
    /// <inheritdoc cref="HoldsAsync(Func{Task{bool}}, Func{string}, TimeSpan?, Action, TimeSpan?, string)"/>
    public static void Succeeds<TRefusal>(
        Action attempt,
        Func<string>? seen = null,
        TimeSpan? deadline = null,
        [CallerArgumentExpression(nameof(attempt))] string what = "")
        where TRefusal : Exception
    {
        for (var start = Stopwatch.GetTimestamp(); ; Thread.Sleep(BetweenAttempts))
        {
            try
            {
                attempt();
                return;
            }
            catch (TRefusal refusal)
            {
                ThrowIfOver(start, deadline ?? Patience, what, seen, refusal);
            }
        }
    }

    /// <summary>Waits for the end of a process.</summary>
    /// <exception cref="TimeoutException">It still runs.</exception>
    public static void Ends(Process process, string? what = null)
    {
        if (!process.WaitForExit(Patience))
        {
            throw new TimeoutException($"{what ?? $"process {process.Id}"} did not end within {Patience}");
        }
    }

    private static void ThrowIfOver(long start, TimeSpan deadline, string what, Func<string>? seen, Exception? refusal = null)
    {
        if (Stopwatch.GetElapsedTime(start) > deadline)
        {
            throw new TimeoutException(
                $"within {deadline} it did not come to this: {what}{(seen is null ? "" : $"; seen instead: {seen()}")}", refusal);
        }
    }
}
