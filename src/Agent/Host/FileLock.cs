using System.ComponentModel;
using System.Runtime.InteropServices;

namespace EbpfActors.Agent.Host;

/// <summary>What .NET does not say about an open file: making its lock a shared one, and whether it still has a name.</summary>
internal static class FileLock
{
    private const int LOCK_SH = 1;

    /// <summary>Others may read from now on; nobody else can have the file for himself.</summary>
    public static void Share(FileStream file)
    {
        if (flock((int)file.SafeFileHandle.DangerousGetHandle(), LOCK_SH) != 0)
        {
            throw new IOException($"flock {file.Name}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
    }

    public static bool HasLostItsName(FileStream file)
    {
        var link = new FileInfo($"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}");
        return link.LinkTarget?.EndsWith(" (deleted)", StringComparison.Ordinal) ?? false;
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int flock(int fd, int operation);
}
