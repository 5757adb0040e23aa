using System.Net;
using System.Net.Sockets;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>Waits for servers that say nothing when they are ready.</summary>
internal static class Listening
{
    public static void Wait(int port)
    {
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(10);
        while (true)
        {
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Connect(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException) when (DateTime.UtcNow < end)
            {
                Thread.Yield();
            }
        }
    }
}
