using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>A real resolver and a real client in network namespaces of their own.</summary>
public sealed class DnsServerTests : IDisposable
{
    private readonly NetworkNamespace _near;
    private readonly NetworkNamespace _far;
    private readonly Dnsmasq _server;
    private readonly FlowRecorder _recorder;

    public DnsServerTests()
    {
        (_near, _far) = NetworkNamespace.Pair();
        _server = Dnsmasq.Start(
            _far, "host-record=real.test,192.0.2.7,2001:db8::7,300", "cname=alias.test,real.test", "txt-record=big.test," + new string('x', 250),
            "host-record=other.test,192.0.2.8");
        _recorder = new FlowRecorder();
    }

    public void Dispose()
    {
        _recorder.Dispose();
        _server.Dispose();
        _near.Dispose();
        _far.Dispose();
    }

    [Theory]
    [InlineData("10.77.0.2", "")]
    [InlineData("10.77.0.2", "+tcp")]
    [InlineData("fd77::2", "")]
    [InlineData("fd77::2", "+tcp")]
    [InlineData("10.77.0.2", "+noedns +bufsize=0")]
    public void A_query_and_its_answer_are_one_exchange_on_each_side(string server, string options)
    {
        _near.Exec("dig", $"@{server} alias.test {options} +tries=1").ShouldContain("192.0.2.7");

        var transport = options == "+tcp" ? Transport.Tcp : Transport.Udp;
        var (client, asked) = ShouldSee(server, rcode: 0);
        (client.Flow.Transport, asked.Flow.Transport).ShouldBe((transport, transport));
        (client.Flow.Direction, asked.Flow.Direction).ShouldBe((Direction.Outgoing, Direction.Incoming));
        client.Flow.DestinationPort.ShouldBe((ushort)53);
        asked.Flow.SourcePort.ShouldBe((ushort)53);
        client.Flow.SourcePort.ShouldBe(asked.Flow.DestinationPort);
        client.Flow.Destination.ShouldBe(IpAddress.Parse(server));
        client.LatencyNs.ShouldBeGreaterThan(asked.LatencyNs);
        asked.LatencyNs.ShouldBeGreaterThan(0ul);
        (client.QueryType, client.Retries, client.Name).ShouldBe(((ushort)1, 0u, ""));
    }

    [Fact]
    public void Addresses_get_the_name_that_was_asked_not_that_of_the_alias_s_end()
    {
        _near.Exec("dig", "@10.77.0.2 ALIAS.test +tries=1").ShouldContain("192.0.2.7");
        _near.Exec("dig", "@10.77.0.2 alias.test AAAA +tries=1").ShouldContain("2001:db8::7");

        ShouldSee("10.77.0.2", rcode: 0, count: 2);
        _recorder.Domains.Select(d => (d.NetNamespace, d.Address.ToString(), d.Name)).ShouldBe(
            [(_near.Inode, "192.0.2.7", "alias.test"), (_near.Inode, "2001:db8::7", "alias.test")]);
        _recorder.Domains.ShouldAllBe(d => d.Pid != 0 && d.TimeToLive <= TimeSpan.FromSeconds(300));
    }

    [Theory]
    [InlineData("nowhere.test", 3)]
    [InlineData("not.here", 5)]
    public void Refusals_have_their_code(string name, int rcode)
    {
        _near.Exec("dig", $"@10.77.0.2 {name} +tries=1");

        ShouldSee("10.77.0.2", rcode);
        _recorder.Domains.ShouldBeEmpty();
    }

    /// <summary>The exchange as the client and as the server saw it.</summary>
    private (DnsExchange Client, DnsExchange Server) ShouldSee(string server, int rcode, int count = 1)
    {
        var address = IpAddress.Parse(server);
        _recorder.Until(_ => Of(Direction.Outgoing).Length >= count && Of(Direction.Incoming).Length >= count, () =>
            string.Join('\n', _recorder.Queries) + string.Join(", ", _recorder.Counters.LeftOut));
        Of(Direction.Outgoing).Length.ShouldBe(count);
        Of(Direction.Incoming).Length.ShouldBe(count);
        Of(Direction.Outgoing).Concat(Of(Direction.Incoming)).ShouldAllBe(e => e.Rcode == rcode);
        _recorder.OwnLosses.ShouldBeEmpty();
        return (Of(Direction.Outgoing)[0], Of(Direction.Incoming)[0]);

        DnsExchange[] Of(Direction direction) =>
            [.. _recorder.Queries.Where(e => e.Flow.Direction == direction && (e.Flow.Destination == address || e.Flow.Source == address))];
    }
}
