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
    /// Only environments that were measured are compared. Debian's newest kernel changes its series without anything having changed here:
    /// one that has no record is held to what the next older kernel loads, and its figures are not compared.
    /// </summary>
    public static AccountComparison Of(IReadOnlyList<ProgramAccount> recorded, IReadOnlyList<ProgramAccount> measured)
    {
        List<string> faults = [], remarks = [];
        foreach (var environment in measured.GroupBy(a => a.Environment))
        {
            var before = recorded.Where(a => a.Environment == environment.Key).ToDictionary(Key);
            if (before.Count == 0)
            {
                var older = Older(recorded, environment.Key).ToDictionary(Key);
                remarks.Add($"{environment.Key}: no account is recorded of this kernel; {ToRecord} {environment.Key}");
                faults.AddRange(environment.Where(now => now.IsRefused && older.GetValueOrDefault(Key(now)) is { IsRefused: false })
                    .Select(now => $"{Name(now)}: {older[Key(now)].Environment} loads it, and here it is refused: {now.Refusal}"));
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

    /// <summary>Of the newest kernel before this one that was started in the same way.</summary>
    private static IEnumerable<ProgramAccount> Older(IEnumerable<ProgramAccount> recorded, string environment)
    {
        var (series, mode) = Split(environment);
        return recorded.Where(a => Split(a.Environment) is var (other, otherMode) && otherMode == mode && other < series)
            .GroupBy(a => a.Environment).MaxBy(e => Split(e.Key).Series) ?? Enumerable.Empty<ProgramAccount>();
    }

    private static (Version Series, string Mode) Split(string environment) =>
        environment.Split('-', 2) is [var series, var mode] ? (Version.Parse(series), mode) : (Version.Parse(environment), "");

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
