using System.Net;
using System.Net.Sockets;
using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.EndToEnd.Tests.Traffic;

/// <summary>Traffic between two namespaces, so between two addresses that are nobody's loopback.</summary>
internal static class NamespaceTraffic
{
    /// <summary>Listens in the far one; its clients are in the near one.</summary>
    public static TcpServer Server(NetworkNamespace near, NetworkNamespace far) => new(
        far.Run(() => TcpServer.Listen(IPAddress.Parse("10.77.0.2"))),
        () => near.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)));
}
