using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>Waits for servers that say nothing when they are ready.</summary>
internal static class Listening
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A failed look costs an exception: more of them would leave a slow CPU no time for the server.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns once the loopback port of this network namespace takes connections; fails at once when the server has ended.</summary>
    public static void Wait(int port, Process? server = null)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Connect(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException) when (watch.Elapsed < Patience && server is not { HasExited: true })
            {
                Thread.Sleep(BetweenLooks);
            }
        }
    }
}
