using System.Diagnostics;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>Waits for a condition, with a deadline in real time.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(20);

    public static async Task HoldsAsync(Func<Task<bool>> condition, Func<string>? state = null, TimeSpan? deadline = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > (deadline ?? Deadline))
            {
                throw new TimeoutException($"the condition did not hold within {deadline ?? Deadline}: {state?.Invoke()}");
            }

            await Task.Delay(BetweenLooks);
        }
    }

    public static Task HoldsAsync(Func<bool> condition, Func<string>? state = null, TimeSpan? deadline = null) =>
        HoldsAsync(() => Task.FromResult(condition()), state, deadline);
}
