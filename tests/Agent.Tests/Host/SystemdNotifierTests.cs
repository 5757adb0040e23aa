using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.Tests.Host;

public sealed class SystemdNotifierTests
{
    [Fact]
    public async Task Ready_status_and_stopping_reach_a_socket_with_a_path()
    {
        using var folder = new TemporaryFolder();
        using var systemd = new NotifySocket(folder["notify"]);
        using var notifier = new SystemdNotifier(folder["notify"]);

        notifier.Ready("two\nlines");
        notifier.Status("busy");
        notifier.Stopping();

        Assert.Equal(["READY=1\nSTATUS=two\\nlines", "STATUS=busy", "STOPPING=1"], [await systemd.ReceiveAsync(), await systemd.ReceiveAsync(), await systemd.ReceiveAsync()]);
    }

    [Fact]
    public async Task An_address_with_an_at_sign_is_in_the_abstract_namespace()
    {
        var name = $"ea-{Guid.NewGuid():N}";
        using var systemd = new NotifySocket($"\0{name}");
        using var notifier = new SystemdNotifier($"@{name}");

        notifier.Ready("x");

        Assert.Equal("READY=1\nSTATUS=x", await systemd.ReceiveAsync());
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
}
