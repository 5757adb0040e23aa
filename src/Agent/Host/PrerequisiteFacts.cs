using System.Globalization;
using System.Runtime.InteropServices;

namespace EbpfActors.Agent.Host;

/// <summary>What this machine has of the things the agent needs.</summary>
public sealed record PrerequisiteFacts
{
    public required bool IsLinux { get; init; }

    public required Architecture Architecture { get; init; }

    public required Version Kernel { get; init; }

    /// <summary>Effective capabilities, one bit each, as in <c>/proc/self/status</c>.</summary>
    public required ulong Capabilities { get; init; }

    public required bool HasKernelBtf { get; init; }

    public required bool SupportsCGroup2 { get; init; }

    public required bool HasLibBpf { get; init; }

    /// <summary>Files and sockets that may be open at once.</summary>
    public required long OpenFiles { get; init; }

    public static PrerequisiteFacts OfThisMachine() => new()
    {
        IsLinux = OperatingSystem.IsLinux(),
        Architecture = RuntimeInformation.OSArchitecture,
        Kernel = Environment.OSVersion.Version,
        Capabilities = ReadCapabilities(),
        HasKernelBtf = File.Exists("/sys/kernel/btf/vmlinux"),
        SupportsCGroup2 = Lines("/proc/filesystems").Any(l => l.EndsWith("\tcgroup2", StringComparison.Ordinal)),
        HasLibBpf = NativeLibrary.TryLoad("libbpf.so.1", out _),
        OpenFiles = DescriptorLimit.Now(),
    };

    private static ulong ReadCapabilities()
    {
        const string Prefix = "CapEff:";
        var line = Lines("/proc/self/status").FirstOrDefault(l => l.StartsWith(Prefix, StringComparison.Ordinal)) ?? Prefix;
        var digits = line.AsSpan(Prefix.Length).Trim();
        return ulong.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var bits) ? bits : 0;
    }

    private static string[] Lines(string path) => File.Exists(path) ? File.ReadAllLines(path) : [];
}
