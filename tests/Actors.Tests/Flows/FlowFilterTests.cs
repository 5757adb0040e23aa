using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Tests.Doubles;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Flows;

public sealed class FlowFilterTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", FlowVerdict.Loopback)]
    [InlineData("::1", "::1", FlowVerdict.Loopback)]
    [InlineData("192.0.2.1", "127.0.0.53", FlowVerdict.Loopback)]
    [InlineData("::ffff:127.0.0.1", "192.0.2.1", FlowVerdict.Loopback)]
    [InlineData("0.0.0.0", "192.0.2.1", FlowVerdict.NoAddress)]
    [InlineData("2001:db8::1", "::", FlowVerdict.NoAddress)]
    [InlineData("192.0.2.1", "10.0.0.1", FlowVerdict.Keep)]
    public void Addresses_decide(string source, string destination, FlowVerdict verdict) =>
        FlowFilter.Judge(Some.Delta(Some.Flow(source, destination)), includeLoopback: false).ShouldBe(verdict);

    [Fact]
    public void Loopback_is_kept_on_request() =>
        FlowFilter.Judge(Some.Delta(Some.Flow("127.0.0.1", "::1")), includeLoopback: true).ShouldBe(FlowVerdict.Keep);

    [Theory]
    [InlineData(0, 443)]
    [InlineData(40000, 0)]
    public void A_port_of_zero_is_no_flow(ushort source, ushort destination) =>
        FlowFilter.Judge(Some.Delta(Some.Flow(sourcePort: source, destinationPort: destination)), false).ShouldBe(FlowVerdict.NoPort);

    [Fact]
    public void An_open_connection_on_which_nothing_moved_is_left_out()
    {
        var idle = Some.Delta(read: 0, written: 0, rtt: 100);

        FlowFilter.Judge(idle, false).ShouldBe(FlowVerdict.NothingHappened);
        FlowFilter.Judge(idle with { Retransmits = 1 }, false).ShouldBe(FlowVerdict.Keep);
        FlowFilter.Judge(idle with { Established = 1 }, false).ShouldBe(FlowVerdict.Keep);
        FlowFilter.Judge(idle with { Closed = 1 }, false).ShouldBe(FlowVerdict.Keep);
    }
}
