using System.Net.Sockets;
using System.Text;
using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.Tests.Host;

public sealed class SystemdNotifierTests
{
    [Fact]
    public void Ready_status_and_stopping_reach_a_socket_with_a_path()
    {
        using var folder = new TemporaryFolder();
        using var systemd = Listen(folder["notify"]);
        using var notifier = new SystemdNotifier(folder["notify"]);

        notifier.Ready("two\nlines");
        notifier.Status("busy");
        notifier.Stopping();

        Assert.Equal(["READY=1\nSTATUS=two lines", "STATUS=busy", "STOPPING=1"], [Receive(systemd), Receive(systemd), Receive(systemd)]);
    }

    [Fact]
    public void An_address_with_an_at_sign_is_in_the_abstract_namespace()
    {
        var name = $"ea-{Guid.NewGuid():N}";
        using var systemd = Listen($"\0{name}");
        using var notifier = new SystemdNotifier($"@{name}");

        notifier.Ready("x");

        Assert.Equal("READY=1\nSTATUS=x", Receive(systemd));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/no/such/socket")]
    public void Without_somebody_who_listens_nothing_happens(string? address)
    {
        using var notifier = new SystemdNotifier(address);

        notifier.Ready("x");
        notifier.Stopping();
    }

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static string Receive(Socket socket)
    {
        var bytes = new byte[256];
        return Encoding.UTF8.GetString(bytes, 0, socket.Receive(bytes));
    }
}
