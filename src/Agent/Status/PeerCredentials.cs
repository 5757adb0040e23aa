using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EbpfActors.Agent.Status;

/// <summary>Asks the kernel who is on the other end of a Unix socket.</summary>
internal static class PeerCredentials
{
    private const int SocketLevel = 1;
    private const int PeerCredentialsOption = 17;
    private static readonly uint OwnUser = ReadOwnUser();

    public static bool IsRootOrSameUser(Socket peer)
    {
        // struct ucred: pid, uid, gid.
        Span<byte> credentials = stackalloc byte[3 * sizeof(uint)];
        peer.GetRawSocketOption(SocketLevel, PeerCredentialsOption, credentials);
        var user = MemoryMarshal.Read<uint>(credentials[sizeof(uint)..]);
        return user == 0 || user == OwnUser;
    }

    /// <summary>The second number of the line is the effective user.</summary>
    private static uint ReadOwnUser()
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal));
        return uint.Parse(line.Split('\t')[2], CultureInfo.InvariantCulture);
    }
}
