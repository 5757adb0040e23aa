using System.Globalization;

namespace EbpfActors.VerifierAccount;

/// <summary>What is different between the recorded accounts and those that were measured now, by environment and program.</summary>
/// <param name="Faults">What somebody has to look at: growth, shrinkage worth recording, programs that are refused now, new or gone.</param>
/// <param name="Remarks">What is only said.</param>
internal sealed record AccountComparison(IReadOnlyList<string> Faults, IReadOnlyList<string> Remarks)
{
    private const int TolerancePercent = 10;
    private const string ToRecord = "look at it, then: tests/kernels/run --record";

    /// <summary>
    /// Only environments that were measured are compared. One that has no record at all is remarked on: Debian's newest kernel
    /// changes its series without anything having changed here.
    /// </summary>
    public static AccountComparison Of(IReadOnlyList<ProgramAccount> recorded, IReadOnlyList<ProgramAccount> measured)
    {
        List<string> faults = [], remarks = [];
        foreach (var environment in measured.GroupBy(a => a.Environment))
        {
            var before = recorded.Where(a => a.Environment == environment.Key).ToDictionary(Key);
            if (before.Count == 0)
            {
                remarks.Add($"{environment.Key}: no account is recorded of this kernel; {ToRecord} {environment.Key}");
                continue;
            }

            var after = environment.ToDictionary(Key);
            faults.AddRange(before.Values.Where(a => !after.ContainsKey(Key(a))).Select(a => $"{Name(a)}: is gone; {ToRecord}"));
            foreach (var now in environment)
            {
                if (before.TryGetValue(Key(now), out var then))
                {
                    faults.AddRange(Differences(then, now).Select(d => $"{Name(now)}: {d}"));
                }
                else
                {
                    faults.Add($"{Name(now)}: is not recorded; {ToRecord}");
                }
            }
        }

        return new AccountComparison(faults, remarks);
    }

    private static IEnumerable<string> Differences(ProgramAccount then, ProgramAccount now) => (then.IsRefused, now.IsRefused) switch
    {
        (true, true) => [],
        (false, true) => [$"was loaded, and is refused now: {now.Refusal}"],
        (true, false) => [$"was refused, and is loaded now; {ToRecord}"],
        _ =>
        [
            .. Difference("instructions", then.Instructions, now.Instructions),
            .. Difference("bytes of stack", then.StackBytes, now.StackBytes),
            .. Difference("bytes in the largest frame", then.LargestFrame, now.LargestFrame),
        ],
    };

    private static IEnumerable<string> Difference(string what, int then, int now)
    {
        if (Math.Abs(now - then) * 100L > then * (long)TolerancePercent)
        {
            var percent = then == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({(now - then) * 100.0 / then:+0;-0} %)");
            yield return now > then
                ? $"{what} grew from {then} to {now}{percent}; when that is meant, {ToRecord}"
                : $"{what} shrank from {then} to {now}{percent}; {ToRecord}";
        }
    }

    private static (string Object, string Program) Key(ProgramAccount account) => (account.Object, account.Program);

    private static string Name(ProgramAccount account) => $"{account.Environment}: {account.Object}/{account.Program}";
}
