using System.Net;
using System.Net.Sockets;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>
/// A client, a router and a server in three namespaces, like a pod, its node and another pod: the router translates two
/// service addresses, one of them with source NAT as well.
/// </summary>
internal sealed class NatTopology : IDisposable
{
    public const int ServicePort = 80;
    public const int BackendPort = 8080;

    public NatTopology()
    {
        Join(Client, 1);
        Join(Server, 2);
        Router.Exec("sysctl", "-qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
        foreach (var (family, from, backend) in new[] { ("ip", "10.96.0", Backend(false)), ("ip6", "fd96:", Backend(true)) })
        {
            var (plain, masked) = family == "ip" ? ($"{from}.10", $"{from}.20") : ($"{from}:10", $"{from}:20");
            Nft($"add table {family} nat");
            Nft($"add chain {family} nat in {{ type nat hook prerouting priority dstnat; }}");
            Nft($"add chain {family} nat out {{ type nat hook postrouting priority srcnat; }}");
            foreach (var protocol in new[] { "tcp", "udp" })
            {
                var to = family == "ip" ? $"{backend}:{BackendPort}" : $"[{backend}]:{BackendPort}";
                Nft($"add rule {family} nat in {family} daddr {{ {plain}, {masked} }} {protocol} dport {ServicePort} dnat to {to}");
            }

            Nft($"add rule {family} nat out ct original {family} daddr {masked} masquerade");
        }
    }

    public NetworkNamespace Client { get; } = new();

    public NetworkNamespace Router { get; } = new();

    public NetworkNamespace Server { get; } = new();

    /// <summary>What the client connects to.</summary>
    public static IPAddress Service(bool isIPv6, bool withSourceNat) => IPAddress.Parse(
        (isIPv6, withSourceNat) switch { (false, false) => "10.96.0.10", (false, true) => "10.96.0.20", (true, false) => "fd96::10", _ => "fd96::20" });

    /// <summary>Where that leads.</summary>
    public static IPAddress Backend(bool isIPv6) => IPAddress.Parse(isIPv6 ? "fd78:2::2" : "10.78.2.2");

    public Socket Listen(bool isIPv6, bool isTcp) => Server.Run(() =>
    {
        var socket = Make(isIPv6, isTcp);
        socket.Bind(new IPEndPoint(isIPv6 ? IPAddress.IPv6Any : IPAddress.Any, BackendPort));
        if (isTcp)
        {
            socket.Listen();
        }

        return socket;
    });

    /// <summary>Connected, and a byte went there and back.</summary>
    public Socket Connect(Socket server, bool isIPv6, bool isTcp, bool withSourceNat)
    {
        var client = Client.Run(() =>
        {
            var socket = Make(isIPv6, isTcp);
            socket.Connect(new IPEndPoint(Service(isIPv6, withSourceNat), ServicePort));
            socket.Send([1]);
            return socket;
        });
        client.ReceiveTimeout = server.ReceiveTimeout = 10_000;
        if (isTcp)
        {
            using var accepted = server.Accept();
            accepted.Receive(new byte[1]);
            accepted.Send([2]);
            client.Receive(new byte[1]);
        }
        else
        {
            EndPoint from = new IPEndPoint(isIPv6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
            server.ReceiveFrom(new byte[1], ref from);
            server.SendTo([2], from);
            client.Receive(new byte[1]);
        }

        return client;
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
        Router.Dispose();
    }

    private static Socket Make(bool isIPv6, bool isTcp) => new(
        isIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork,
        isTcp ? SocketType.Stream : SocketType.Dgram,
        isTcp ? ProtocolType.Tcp : ProtocolType.Udp);

    private void Join(NetworkNamespace end, int net)
    {
        var link = $"veth{net}";
        Shell.Run("ip", $"link add {link} netns {Router.Name} type veth peer name veth0 netns {end.Name}");
        Shell.Run("ip", $"-n {Router.Name} addr add 10.78.{net}.1/24 dev {link}");
        Shell.Run("ip", $"-n {Router.Name} addr add fd78:{net}::1/64 dev {link} nodad");
        Shell.Run("ip", $"-n {Router.Name} link set {link} up");
        Shell.Run("ip", $"-n {end.Name} addr add 10.78.{net}.2/24 dev veth0");
        Shell.Run("ip", $"-n {end.Name} addr add fd78:{net}::2/64 dev veth0 nodad");
        Shell.Run("ip", $"-n {end.Name} link set veth0 up");
        Shell.Run("ip", $"-n {end.Name} route add default via 10.78.{net}.1");
        Shell.Run("ip", $"-n {end.Name} -6 route add default via fd78:{net}::1");
    }

    private void Nft(string command) => Router.Exec("nft", command);
}
