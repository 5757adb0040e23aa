using System.Net;
using System.Net.Sockets;

namespace EbpfActors.Benchmarks;

/// <summary>Holds connections to itself open, and moves one byte over each of them when told.</summary>
internal static class ConnectionHolder
{
    public static int Run(int count, int addresses)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, 0));
        listener.Listen(1024);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var pairs = new (Socket Client, Socket Server)[count];
        for (var i = 0; i < count; i++)
        {
            var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            client.Bind(new IPEndPoint(new IPAddress([127, 1, 0, (byte)(1 + (i % addresses))]), 0));
            client.Connect(IPAddress.Loopback, port);
            pairs[i] = (client, listener.Accept());
        }

        Console.WriteLine("open");
        var buffer = new byte[1];
        while (Console.ReadLine() is not null)
        {
            foreach (var (client, server) in pairs)
            {
                client.Send(buffer);
                server.Receive(buffer);
            }

            Console.WriteLine("touched");
        }

        return 0;
    }
}
