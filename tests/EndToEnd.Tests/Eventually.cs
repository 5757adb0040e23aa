using System.Diagnostics;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>Waits for a condition, with a deadline in real time.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(20);

    /// <param name="condition">What is waited for.</param>
    /// <param name="state">What is said when it does not come.</param>
    /// <param name="deadline">20 s unless given.</param>
    /// <param name="betweenLooks">20 ms unless given: too often for an emulated CPU, which would do nothing else.</param>
    public static async Task HoldsAsync(
        Func<Task<bool>> condition, Func<string>? state = null, TimeSpan? deadline = null, TimeSpan? betweenLooks = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > (deadline ?? Deadline))
            {
                throw new TimeoutException($"the condition did not hold within {deadline ?? Deadline}: {state?.Invoke()}");
            }

            await Task.Delay(betweenLooks ?? BetweenLooks);
        }
    }

    public static Task HoldsAsync(Func<bool> condition, Func<string>? state = null, TimeSpan? deadline = null, TimeSpan? betweenLooks = null) =>
        HoldsAsync(() => Task.FromResult(condition()), state, deadline, betweenLooks);
}
