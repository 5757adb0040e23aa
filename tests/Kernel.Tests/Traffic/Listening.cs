using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>Waits for servers that say nothing when they are ready.</summary>
internal static class Listening
{
    /// <summary>Connects to a port of loopback until that succeeds.</summary>
    /// <param name="port">Of TCP.</param>
    /// <param name="server">Whose end ends the wait; its standard error is in the exception.</param>
    /// <param name="space">Whose loopback; this one's unless given.</param>
    public static void Wait(int port, Process server, NetworkNamespace? space = null)
    {
        if (space is not null)
        {
            space.Run(() => Wait(port, server));
            return;
        }

        Eventually.Succeeds<SocketException>(
            () =>
            {
                if (server.HasExited)
                {
                    throw new InvalidOperationException($"the server ended with {server.ExitCode}: {server.StandardError.ReadToEnd()}");
                }

                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Connect(IPAddress.Loopback, port);
            },
            what: $"{server.ProcessName} accepts on port {port}");
    }
}
