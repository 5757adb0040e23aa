using System.Globalization;
using System.Text;

namespace EbpfActors.Agent.Host;

/// <summary>How many files and sockets this process may have open (RLIMIT_NOFILE).</summary>
internal static class DescriptorLimit
{
    /// <summary>With all plugins the agent has 280 open at the start; then two for each thread, one or more for each library, bash and network namespace.</summary>
    public const long Needed = 512;

    /// <summary>Below this the runtime fails in ways that it does not say.</summary>
    private const long NeededToSpeak = 192;

    private const long Wanted = 65_536;
    private const int Files = 7; // RLIMIT_NOFILE
    private const int StandardError = 2;

    /// <summary>
    /// Raises the limit to what the agent may come to need, as far as this process may. Null when that leaves enough to go on; else says so, and
    /// gives the exit code.
    /// </summary>
    public static int? Raise()
    {
        Span<ulong> limits = stackalloc ulong[2]; // struct rlimit
        if (LibC.getrlimit(Files, limits) != 0)
        {
            return null;
        }

        var (soft, hard) = (limits[0], limits[1]);
        if (soft < Wanted)
        {
            // Above the hard limit only with CAP_SYS_RESOURCE.
            (limits[0], limits[1]) = (Wanted, Math.Max(Wanted, hard));
            if (LibC.setrlimit(Files, limits) != 0)
            {
                (limits[0], limits[1]) = (Math.Min(hard, Wanted), hard);
                _ = LibC.setrlimit(Files, limits);
            }
        }

        if (Now() is var now && now >= NeededToSpeak)
        {
            return null;
        }

        // The console would want descriptors of its own.
        var text = Encoding.UTF8.GetBytes($"ebpf-actors: {Complaint(now)}\n");
        _ = LibC.write(StandardError, text, (nuint)text.Length);
        return ExitCode.MissingPrerequisite;
    }

    /// <summary>The limit that is in force; as good as none when it cannot be asked.</summary>
    public static long Now()
    {
        Span<ulong> limits = stackalloc ulong[2];
        return LibC.getrlimit(Files, limits) == 0 ? (long)Math.Min(limits[0], int.MaxValue) : int.MaxValue;
    }

    public static string Complaint(long limit) =>
        $"{limit.ToString(CultureInfo.InvariantCulture)} open files are too few; allow {Needed.ToString(CultureInfo.InvariantCulture)} or more (ulimit -n; LimitNOFILE= of systemd)";
}
