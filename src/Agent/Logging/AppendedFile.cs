using EbpfActors.Agent.Host;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Agent.Logging;

/// <summary>
/// A file that is written at its end (O_APPEND), wherever that is by then: two agents may have one log, if only for the line in which the
/// second says why it ends. .NET's own append remembers where the end was, and the next line of the first would go over it.
/// </summary>
internal static class AppendedFile
{
    private const int Mode = 0b110_110_110; // what the umask leaves of it

    /// <exception cref="IOException">It cannot be written, or is a FIFO that nobody reads.</exception>
    public static FileStream Open(string path, int bufferSize)
    {
        var descriptor = LibC.open(path, LibC.WriteOnly | LibC.Append | LibC.Create | LibC.NoWait, Mode);
        return descriptor >= 0
            ? new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Write, bufferSize)
            : throw new IOException($"{path}: {LibC.Reason}");
    }
}
