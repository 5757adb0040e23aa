using System.Globalization;

namespace EbpfActors.TestSupport;

/// <summary>Names of what tests make on the host: they tell that a test made it, and which process, as <c>ebpftest-1234-5</c>.</summary>
public static class OwnedName
{
    private const string Prefix = "ebpftest-";
    private static int _made;

    /// <summary>A name that nobody else has, of at most 24 characters; more may be appended behind a dash.</summary>
    public static string Next() => $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _made)}";

    /// <summary>The process whose test made what is called so; null when no test did.</summary>
    public static int? OwnerOf(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal)
        && int.TryParse(name[Prefix.Length..].Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var owner)
            ? owner
            : null;

    /// <summary>The process is no more. One that has got its number meanwhile passes for it: then something stays for a later run.</summary>
    public static bool IsGone(int process) => !Directory.Exists($"/proc/{process}");
}
