using System.Net;
using System.Net.Sockets;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>Loopback ports that nobody has.</summary>
internal static class FreePorts
{
    public static int Next()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
