using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EbpfActors.Benchmarks;

/// <summary>Holds connections to itself open, and moves one byte over each of them when told.</summary>
internal static partial class ConnectionHolder
{
    private const int OpenFiles = 7; // RLIMIT_NOFILE

    public static int Run(int count, int addresses)
    {
        var limit = new Limit { Soft = (ulong)(2 * count) + 1000, Hard = (ulong)(2 * count) + 1000 };
        if (setrlimit(OpenFiles, in limit) != 0)
        {
            throw new InvalidOperationException($"setrlimit: {Marshal.GetLastPInvokeErrorMessage()}");
        }

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

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
