using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Flows;

public sealed class FlowKeyTests
{
    [Theory]
    [InlineData(Direction.Outgoing, 0, 0, 443)]
    [InlineData(Direction.Incoming, 0, 40000, 0)]
    [InlineData(Direction.Outgoing, 40000, 0, 443)]
    [InlineData(Direction.Outgoing, 40001, 40000, 443)]
    [InlineData(Direction.Incoming, 10001, 40000, 443)]
    public void The_client_port_is_collapsed_from_the_start_of_the_ephemeral_range(Direction direction, int start, int source, int destination)
    {
        var key = FlowKey.Of(Some.Flow(sourcePort: 40000, destinationPort: 443, direction: direction), start);

        ((int)key.SourcePort).ShouldBe(source);
        ((int)key.DestinationPort).ShouldBe(destination);
    }

    [Fact]
    public void Two_clients_of_one_process_share_a_key()
    {
        var one = Some.Key(Some.Flow(sourcePort: 40000));
        var two = Some.Key(Some.Flow(sourcePort: 40001, process: new string("curl".ToCharArray())));

        two.ShouldBe(one);
        two.GetHashCode().ShouldBe(one.GetHashCode());
    }

    [Fact]
    public void Neither_names_of_a_process_nor_domains_of_a_peer_make_a_chain()
    {
        var names = Enumerable.Range(0, 1000).Select(i => Some.Key(Some.Flow(process: $"n{i}")).GetHashCode());
        var domains = Enumerable.Range(0, 1000).Select(i => FlowKey.Of(Some.Flow(), 0, $"{i}.example.com").GetHashCode());

        names.Distinct().Count().ShouldBeGreaterThan(990);
        domains.Distinct().Count().ShouldBeGreaterThan(990);
    }

    [Fact]
    public void Every_part_of_the_identity_tells_keys_apart()
    {
        var flow = Some.Flow();
        FlowIdentity[] others =
        [
            flow with { Source = Some.Flow(source: "192.0.2.16").Source },
            flow with { Destination = Some.Flow(destination: "2001:db8::1").Destination },
            flow with { DestinationPort = 80 },
            flow with { Transport = Transport.Udp },
            flow with { Direction = Direction.Incoming },
            flow with { Pid = 1 },
            flow with { NetNamespace = 2 },
            flow with { ProcessName = "wget" },
        ];

        others.Select(o => Some.Key(o)).Append(Some.Key(flow)).Distinct().Count().ShouldBe(others.Length + 1);
    }
}
