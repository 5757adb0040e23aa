using System.Diagnostics;

namespace EbpfActors.Actors.Tests;

/// <summary>Waits for a condition, with a deadline in real time.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary><paramref name="meanwhile"/> is done before every look, for example to let virtual time pass.</summary>
    public static async Task HoldsAsync(Func<Task<bool>> condition, Action? meanwhile = null, Func<string>? state = null)
    {
        var watch = Stopwatch.StartNew();
        meanwhile?.Invoke();
        while (!await condition())
        {
            if (watch.Elapsed > Deadline)
            {
                throw new TimeoutException($"the condition did not hold within {Deadline}: {state?.Invoke()}");
            }

            await Task.Delay(5);
            meanwhile?.Invoke();
        }
    }

    public static Task HoldsAsync(Func<bool> condition, Action? meanwhile = null, Func<string>? state = null) =>
        HoldsAsync(() => Task.FromResult(condition()), meanwhile, state);
}
