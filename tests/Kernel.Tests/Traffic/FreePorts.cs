using System.Net;
using System.Net.Sockets;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>
/// Loopback ports for servers that want to be told one. They are below those that the kernel gives out by itself, so that no connection of
/// anybody on this host takes one before the server has it; runs beside this one begin elsewhere.
/// </summary>
internal static class FreePorts
{
    private const int First = 10_000;
    private const int Count = 20_000;
    private static int _next = Environment.ProcessId * 97;

    public static int Next()
    {
        while (true)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
            }
        }
    }
}
