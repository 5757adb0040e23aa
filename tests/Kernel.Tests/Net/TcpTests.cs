using System.Net;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

public sealed class TcpTests
{
    [Theory]
    [InlineData("127.0.0.1", 0, 0)]
    [InlineData("127.0.0.1", 1, 0)]
    [InlineData("127.0.0.1", 1, 1)]
    [InlineData("127.0.0.1", 1 << 20, 3)]
    [InlineData("::1", 1 << 20, 1 << 20)]
    [InlineData("::ffff:127.0.0.1", 12345, 54321)]
    public void Both_ends_of_a_connection_show_the_bytes_that_were_exchanged(string address, int request, int response)
    {
        using var recorder = new FlowRecorder();
        using var exchange = new TcpExchange(IPAddress.Parse(address));

        exchange.Send(request, response);
        exchange.Close();

        recorder.ShouldReach(exchange.IsClient, new FlowSum((ulong)request, (ulong)response, 1, 1));
        recorder.ShouldReach(exchange.IsServer, new FlowSum((ulong)response, (ulong)request, 1, 1));
        recorder.Where(exchange.IsClient).ShouldAllBe(d => d.Flow.Direction == Direction.Outgoing && d.Flow.Pid == Environment.ProcessId);
        recorder.Where(exchange.IsServer).ShouldAllBe(d => d.Flow.Direction == Direction.Incoming && d.Flow.Pid == Environment.ProcessId);
    }
}
