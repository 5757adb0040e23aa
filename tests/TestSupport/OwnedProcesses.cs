using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace EbpfActors.TestSupport;

/// <summary>
/// Marks the processes that a test run starts by a variable of their environment, which their children inherit: a run that is killed
/// cannot end them, the next one does.
/// </summary>
public static class OwnedProcesses
{
    private const string Owner = "EBPF_ACTORS_TEST_RUN";

    /// <summary>From now on, whatever this process starts.</summary>
    public static void Mark() => Environment.SetEnvironmentVariable(Owner, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Kills those of such runs.</summary>
    public static void Kill(Predicate<int> ofRun)
    {
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                if (process.Id != Environment.ProcessId && OwnerOf(process.Id) is { } owner && ofRun(owner))
                {
                    Kill(process);
                }
            }
        }
    }

    private static int? OwnerOf(int process)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{process}/environ")).Split('\0')
                .Where(v => v.StartsWith(Owner + "=", StringComparison.Ordinal))
                .Select(v => int.Parse(v.AsSpan(Owner.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture))
                .Cast<int?>().FirstOrDefault();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return null; // ended meanwhile, somebody else's, or a variable of another kind
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill();
            process.WaitForExit(Eventually.Patience);
        }
        catch (InvalidOperationException)
        {
            // ended meanwhile
        }
    }
}
