using System.Text;
using Akka.Actor;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.Tests.Doubles;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Flows;

public sealed class FlowAggregatorTests() : TestKit(VirtualTime.Config)
{
    private readonly PlainRenderer _renderer = new();

    [Fact]
    public async Task Flush_reports_the_sum_of_what_was_added()
    {
        var parent = CreateTestProbe();
        var aggregator = parent.ChildActorOf(FlowAggregator.Props(Some.Key(), Options()));

        aggregator.Tell(new AddTotals(FlowTotals.Of(Some.Delta(read: 1))));
        aggregator.Tell(new AddTotals(FlowTotals.Of(Some.Delta(read: 2))));
        aggregator.Tell(new FlushFlow(1, 77));
        aggregator.Tell(new AddTotals(FlowTotals.Of(Some.Delta(read: 4))));
        aggregator.Tell(new FlushFlow(2, 78));

        var first = await parent.ExpectMsgAsync<FlowFlushed>();
        var second = await parent.ExpectMsgAsync<FlowFlushed>();
        (first.FlushId, first.Totals.BytesRead, first.Totals.Records).ShouldBe((1, 3UL, 2));
        (second.FlushId, second.Totals.BytesRead, second.Totals.Records).ShouldBe((2, 4UL, 1));
        Encoding.UTF8.GetString(first.Line).ShouldEndWith(" 77");
        _renderer.PrefixesMade.ShouldBe(1);
    }

    private FlowAggregatorOptions Options() => new()
    {
        Renderers = Some.Renderers(_renderer),
        HttpPaths = new HttpPathLimits(),
        HttpPathBudget = new CardinalityBudget(10),
    };
}
