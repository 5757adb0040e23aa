using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace EbpfActors.Probes;

/// <summary>A refusal of libbpf or of a BPF system call: what was tried, the errno, and what libbpf logged meanwhile.</summary>
public sealed partial class BpfException(string operation, int errno, string log = "") : Exception(Describe(operation, errno, log))
{
    /// <summary>What was tried, for example <c>attach flow_on_state</c>.</summary>
    public string Operation { get; } = operation;

    /// <summary>The positive errno.</summary>
    public int Errno { get; } = errno;

    /// <summary>The message without what libbpf logged.</summary>
    public string Reason { get; } = Describe(operation, errno, "");

    /// <summary>
    /// True when trying again at once cannot help: not permitted, no such thing, not supported by this kernel. It may help later, when
    /// a module, a mount or a permission has come.
    /// </summary>
    public bool IsRefusal => Errno is Probes.Errno.Perm or Probes.Errno.NoEntry or Probes.Errno.Access or Probes.Errno.TooBig
        or Probes.Errno.Invalid or Probes.Errno.NotSupported or Probes.Errno.NotSupportedInside or Probes.Errno.NoSys or Probes.Errno.SearchFailed;

    /// <summary>
    /// True when the same may be allowed another time: the kernel was short of memory, descriptors or room, or somebody else is busy
    /// with the thing.
    /// </summary>
    public bool MayPass => Errno is Probes.Errno.Interrupted or Probes.Errno.Again or Probes.Errno.NoMemory or Probes.Errno.Busy
        or Probes.Errno.TooManyFiles or Probes.Errno.TooManyOpen or Probes.Errno.TextBusy or Probes.Errno.NoSpace or Probes.Errno.NoBuffers;

    /// <summary>The program that libbpf named last: when an object could not be loaded, the one that the kernel refused. Null when it named none.</summary>
    public string? Program { get; } = ProgramIn(log);

    /// <summary>libbpf begins each message about a program with this, in all versions.</summary>
    [GeneratedRegex("prog '([^']+)'", RegexOptions.RightToLeft)]
    private static partial Regex ProgramName { get; }

    private static string? ProgramIn(string log) => ProgramName.Match(log) is { Success: true } match ? match.Groups[1].Value : null;

    private static string Describe(string operation, int errno, string log) =>
        $"{operation}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})" + (log.Length == 0 ? "" : "; libbpf: " + log);
}

/// <summary>The errno values that this code tells apart.</summary>
public static class Errno
{
    public const int Perm = 1;
    public const int NoEntry = 2;
    public const int SearchFailed = 3;
    public const int Interrupted = 4;
    public const int TooBig = 7;
    public const int Again = 11;
    public const int NoMemory = 12;
    public const int Access = 13;
    public const int Busy = 16;
    public const int Invalid = 22;
    public const int TooManyFiles = 23;
    public const int TooManyOpen = 24;
    public const int TextBusy = 26;
    public const int NoSpace = 28;
    public const int NoSys = 38;
    public const int NotSupported = 95;
    public const int NoBuffers = 105;

    /// <summary>ENOTSUPP, which the kernel uses inside and BPF system calls let out.</summary>
    public const int NotSupportedInside = 524;
}
