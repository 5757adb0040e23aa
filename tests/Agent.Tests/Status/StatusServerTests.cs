using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using EbpfActors.Agent.Host;
using EbpfActors.Agent.Status;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfActors.Agent.Tests.Status;

public sealed class StatusServerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder["agent.sock"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_client_gets_the_whole_status_as_one_document()
    {
        await using var server = StatusServer.Start(Path, _ => Task.FromResult(Statuses.Full), NullLogger.Instance);

        var json = await StatusClient.AskAsync(Path, Stop);

        using var document = JsonDocument.Parse(json);
        Assert.Equal(40, document.RootElement.GetProperty("ledger")[0].GetProperty("inFlight").GetInt64());
        Assert.Equal(60, document.RootElement.GetProperty("ledger")[0].GetProperty("lost").GetProperty("ring-full").GetInt64());
        Assert.Equivalent(Statuses.Full, AgentStatusJson.Read(json), strict: true);
    }

    [Fact]
    public async Task Many_clients_at_once_all_get_an_answer()
    {
        await using var server = StatusServer.Start(Path, _ => Task.FromResult(Statuses.Full), NullLogger.Instance);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => StatusClient.AskAsync(Path, Stop)));

        Assert.All(answers, a => Assert.Equal(42, AgentStatusJson.Read(a).Pid));
    }

    [Fact]
    public async Task The_socket_is_for_its_owner_only_and_goes_with_the_server()
    {
        await using (StatusServer.Start(Path, _ => Task.FromResult(Statuses.Full), NullLogger.Instance))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        }

        Assert.False(File.Exists(Path));
    }

    [Fact]
    public async Task A_user_who_may_not_ask_gets_no_answer()
    {
        await using var server = StatusServer.Start(Path, _ => Task.FromResult(Statuses.Full), NullLogger.Instance, mayAsk: _ => false);

        var refusal = await Assert.ThrowsAsync<IOException>(() => StatusClient.AskAsync(Path, Stop));

        Assert.Contains("gave no answer", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_status_that_cannot_be_told_does_not_stop_the_server()
    {
        var asked = 0;
        await using var server = StatusServer.Start(
            Path,
            _ => Interlocked.Increment(ref asked) == 1 ? throw new InvalidOperationException("not yet") : Task.FromResult(Statuses.Full),
            NullLogger.Instance);

        var refusal = await Assert.ThrowsAsync<IOException>(() => StatusClient.AskAsync(Path, Stop));

        Assert.Equal($"the agent at {Path} cannot tell its status: not yet", refusal.Message);
        Assert.Equal(42, AgentStatusJson.Read(await StatusClient.AskAsync(Path, Stop)).Pid);
    }

    [Fact]
    public async Task A_server_ends_while_a_status_is_being_made()
    {
        var asked = new TaskCompletionSource();
        var server = StatusServer.Start(
            Path,
            async stop =>
            {
                asked.SetResult();
                await Task.Delay(Timeout.Infinite, stop);
                return Statuses.Full;
            },
            NullLogger.Instance);
        var client = StatusClient.AskAsync(Path, Stop);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), Stop);

        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Stop);

        await Assert.ThrowsAsync<IOException>(() => client);
    }

    [Fact]
    public async Task A_socket_that_nobody_listens_on_is_replaced()
    {
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(_folder["dead.sock"]));
            // Closing removes the file in .NET, a killed process leaves it; so it gets a second name.
            File.Move(_folder["dead.sock"], Path);
        }

        Assert.True(File.Exists(Path));
        await using var server = StatusServer.Start(Path, _ => Task.FromResult(Statuses.Full), NullLogger.Instance);

        Assert.Equal(42, AgentStatusJson.Read(await StatusClient.AskAsync(Path, Stop)).Pid);
    }

    [Fact]
    public void A_file_that_is_no_socket_stays_as_it_is()
    {
        File.WriteAllText(Path, "precious");

        var refusal = Assert.Throws<IOException>(() => StatusServer.Start(Path, _ => Task.FromResult(Statuses.Full), NullLogger.Instance));

        Assert.Contains("not a socket", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(Path));
    }

    [Fact]
    public void A_FIFO_and_a_link_stay_as_they_are()
    {
        Process.Start("mkfifo", [_folder["fifo"]]).WaitForExit();
        File.WriteAllText(_folder["precious"], "");
        File.CreateSymbolicLink(Path, _folder["precious"]);

        Assert.Throws<IOException>(() => StatusServer.Start(_folder["fifo"], _ => Task.FromResult(Statuses.Full), NullLogger.Instance));
        Assert.Throws<IOException>(() => StatusServer.Start(Path, _ => Task.FromResult(Statuses.Full), NullLogger.Instance));

        Assert.Equal(FileKind.Fifo, FileStatus.OfPath(_folder["fifo"])?.Kind);
        Assert.Equal(FileKind.Link, FileStatus.OfPath(Path)?.Kind);
        Assert.True(File.Exists(_folder["precious"]));
    }

    [Fact]
    public async Task A_file_that_somebody_else_has_put_there_since_is_left_alone()
    {
        var server = StatusServer.Start(Path, _ => Task.FromResult(Statuses.Full), NullLogger.Instance);
        File.Delete(Path);
        File.WriteAllText(Path, "precious");

        await server.DisposeAsync();

        Assert.Equal("precious", File.ReadAllText(Path));
    }

    [Fact]
    public async Task A_socket_that_somebody_listens_on_is_left_to_him()
    {
        await using var first = StatusServer.Start(Path, _ => Task.FromResult(Statuses.Full), NullLogger.Instance);

        Assert.Throws<IOException>(() => StatusServer.Start(Path, _ => Task.FromResult(Statuses.Full), NullLogger.Instance));

        Assert.Equal(42, AgentStatusJson.Read(await StatusClient.AskAsync(Path, Stop)).Pid);
    }
}
