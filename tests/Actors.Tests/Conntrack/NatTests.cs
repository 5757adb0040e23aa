using EbpfActors.Actors.Conntrack;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.Probes;
using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Conntrack;

public sealed class NatTests
{
    private static readonly NatTarget Backend = new(IpAddress.Parse("10.0.0.9"), 8080);

    private readonly FakeNat _nat = new();
    private readonly NatLookup _lookup = new();
    private readonly FlowTable _table;

    public NatTests()
    {
        _lookup.Use(_nat);
        _table = new FlowTable(new FlowTableOptions { Nat = _lookup }, new FlowLedger());
    }

    [Fact]
    public void An_outgoing_connection_has_its_backend_in_the_tags()
    {
        _nat.Known[Some.Flow()] = Backend;
        _table.Add(Some.Delta());

        Tags().ShouldBe(("10.0.0.9", "8080"));
    }

    [Fact]
    public void Without_translation_and_for_servers_it_is_not_available()
    {
        var incoming = Some.Flow(direction: Direction.Incoming);
        _nat.Known[incoming] = Backend;

        _table.Add(Some.Delta(incoming));

        Tags().ShouldBe(("N/A", "N/A"));
    }

    [Fact]
    public void Connections_to_one_service_with_two_backends_are_two_keys()
    {
        _nat.Known[Some.Flow(sourcePort: 1)] = Backend;
        _nat.Known[Some.Flow(sourcePort: 2)] = Backend with { Port = 8081 };

        _table.Add(Some.Delta(Some.Flow(sourcePort: 1)));
        _table.Add(Some.Delta(Some.Flow(sourcePort: 2)));
        _table.Add(Some.Delta(Some.Flow(sourcePort: 1)));

        var credits = new CreditGate(1);
        credits.TryTake();
        using var batch = _table.Take(credits);
        batch.Items.Length.ShouldBe(2);
    }

    [Fact]
    public void News_that_nobody_has_read_yet_is_read_for_the_first_record_of_a_connection_only()
    {
        _nat.OnCatchUp = () => _nat.Known[Some.Flow()] = Backend;

        _table.Add(Some.Delta());
        _nat.CaughtUp.ShouldBe(0);
        _table.Add(Some.Delta() with { Established = 1 });

        _nat.CaughtUp.ShouldBe(1);
    }

    [Fact]
    public void What_the_packets_showed_goes_before_what_connection_tracking_says_and_only_for_clients()
    {
        _nat.Known[Some.Flow()] = Backend;
        var seen = new NatTarget(IpAddress.Parse("10.0.0.7"), 7070);

        _table.Add(Some.Delta() with { Nat = seen });
        Tags().ShouldBe(("10.0.0.7", "7070"));

        _table.Add(Some.Delta(Some.Flow(direction: Direction.Incoming)) with { Nat = seen });
        Tags().ShouldBe(("N/A", "N/A"));
    }

    [Fact]
    public void Without_the_plugin_what_the_packets_showed_is_no_tag()
    {
        var table = new FlowTable(new FlowTableOptions(), new FlowLedger());
        table.Add(Some.Delta() with { Nat = Backend });

        Tags(table).ShouldBe(("N/A", "N/A"));
    }

    [Fact]
    public void While_there_is_no_probe_nothing_is_translated()
    {
        _nat.Known[Some.Flow()] = Backend;
        _lookup.Use(null);

        _table.Add(Some.Delta() with { Established = 1 });

        Tags().ShouldBe(("N/A", "N/A"));
    }

    private (string Ip, string Port) Tags() => Tags(_table);

    private static (string Ip, string Port) Tags(FlowTable table)
    {
        var credits = new CreditGate(1);
        credits.TryTake();
        using var batch = table.Take(credits);
        var tags = FlowTags.Of(batch.Items[0].Key, new PointIdentity("h", "ebpf", []), "netflow").ToDictionary();
        return (tags["dst_nat_ip"], tags["dst_nat_port"]);
    }

    private sealed class FakeNat : INatLookup
    {
        public Dictionary<FlowIdentity, NatTarget> Known { get; } = [];

        public Action OnCatchUp { get; set; } = () => { };

        public int CaughtUp { get; private set; }

        public void CatchUp()
        {
            CaughtUp++;
            OnCatchUp();
        }

        public NatTarget Find(in FlowIdentity flow) => Known.GetValueOrDefault(flow);
    }
}
