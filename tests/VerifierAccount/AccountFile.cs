namespace EbpfActors.VerifierAccount;

/// <summary>The file of accounts: a line of explanation, then one line for each program on each kernel.</summary>
internal static class AccountFile
{
    private const string Head =
        "# environment, object, program, instructions that the verifier went through (or: refused), bytes of stack "
        + "of each function, or since 7.3 of the deepest chain of calls (or: why). "
        + "Written by tests/kernels/run --record.";

    /// <summary>Nothing when there is no such file.</summary>
    public static IReadOnlyList<ProgramAccount> Read(string path) => File.Exists(path)
        ? [.. File.ReadLines(path).Where(l => l.Length > 0 && !l.StartsWith('#')).Select(ProgramAccount.Parse)]
        : [];

    public static void Write(string path, IEnumerable<ProgramAccount> accounts) =>
        File.WriteAllLines(path, [Head, .. accounts.Select(a => a.ToString())]);

    /// <summary>The accounts of the environments that were measured, and the old ones of the others; in one order.</summary>
    public static IEnumerable<ProgramAccount> Replace(IEnumerable<ProgramAccount> recorded, IReadOnlyList<ProgramAccount> measured)
    {
        var environments = measured.Select(a => a.Environment).ToHashSet();
        return recorded.Where(a => !environments.Contains(a.Environment)).Concat(measured)
            .OrderBy(a => Version.Parse(a.Environment.Split('-')[0])).ThenBy(a => a.Environment, StringComparer.Ordinal)
            .ThenBy(a => a.Object, StringComparer.Ordinal).ThenBy(a => a.Program, StringComparer.Ordinal);
    }
}
