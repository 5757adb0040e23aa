using EbpfActors.Actors.Metadata;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.Probes;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Metadata;

/// <summary>Times are seconds of the packets' own clock.</summary>
public sealed class DomainTableTests
{
    private const ulong Second = 1_000_000_000;

    private readonly DomainTable _table = new(new DomainTableOptions
    {
        MaxAddresses = 3,
        MinTimeToLive = TimeSpan.FromSeconds(10),
        MaxTimeToLive = TimeSpan.FromSeconds(100),
    });

    [Fact]
    public void A_flow_has_the_name_of_its_destination_in_its_own_namespace()
    {
        Learn("a.test");

        Find(born: 1).ShouldBe("a.test");
        Find(born: 1, address: "203.0.113.11").ShouldBe("");
        _table.Find(Flow(1) with { NetNamespace = 2 }).ShouldBe("");
    }

    [Theory]
    [InlineData(50, 49, "a.test")]
    [InlineData(50, 50, "")]
    [InlineData(1, 9, "a.test")] // the floor
    [InlineData(1, 10, "")]
    [InlineData(5000, 99, "a.test")] // the ceiling
    [InlineData(5000, 100, "")]
    public void A_name_is_good_for_flows_that_begin_while_its_record_lives(int seconds, int born, string expected)
    {
        Learn("a.test", seconds: seconds);

        Find(born).ShouldBe(expected);
    }

    [Fact]
    public void A_flow_keeps_the_name_that_was_good_when_it_began_however_long_it_lasts()
    {
        Learn("a.test", at: 0, seconds: 20);
        Learn("b.test", at: 1000, seconds: 20);

        Find(born: 5).ShouldBe("a.test");
        Find(born: 1005).ShouldBe("b.test");
    }

    [Fact]
    public void The_newest_name_that_was_asked_before_the_flow_began_wins()
    {
        Learn("a.test", at: 1);
        Learn("b.test", at: 3);

        Find(born: 2).ShouldBe("a.test");
        Find(born: 4).ShouldBe("b.test");
        Learn("a.test", at: 5);
        Find(born: 6).ShouldBe("a.test");
    }

    [Fact]
    public void The_process_that_asked_goes_before_one_that_asked_later()
    {
        Learn("mine.test", at: 1, pid: 7);
        Learn("theirs.test", at: 2, pid: 8);

        Find(born: 3, pid: 7).ShouldBe("mine.test");
        Find(born: 3, pid: 8).ShouldBe("theirs.test");
        Find(born: 3, pid: 9).ShouldBe("theirs.test");
    }

    [Fact]
    public void A_flow_that_is_older_than_every_name_gets_the_name_that_was_learnt_later()
    {
        Learn("a.test", at: 50);

        Find(born: 1).ShouldBe("a.test");
    }

    [Fact]
    public void A_name_that_is_asked_again_while_it_is_good_has_been_good_all_along()
    {
        Learn("a.test", at: 0, seconds: 20);
        Learn("b.test", at: 5, seconds: 20, pid: 8);
        Learn("a.test", at: 15, seconds: 20);

        Find(born: 10).ShouldBe("a.test");
        Find(born: 34).ShouldBe("a.test");
    }

    [Fact]
    public void The_address_that_was_not_used_for_longest_makes_room()
    {
        Learn("1.test", "192.0.2.1");
        Learn("2.test", "192.0.2.2");
        Learn("3.test", "192.0.2.3");
        Find(1, "192.0.2.1").ShouldBe("1.test");
        Learn("4.test", "192.0.2.4");

        (_table.Count, _table.Evicted).ShouldBe((3, 1));
        Find(1, "192.0.2.2").ShouldBe("");
        Find(1, "192.0.2.1").ShouldBe("1.test");
    }

    [Theory]
    [InlineData(63, "mine.test", 0)]
    [InlineData(64, "63.test", 1)]
    public void Of_an_address_s_names_the_last_sixty_four_are_kept_and_one_that_goes_while_it_is_good_is_counted(int others, string expected, int lost)
    {
        Learn("mine.test", pid: 1);
        for (var i = 0; i < others; i++)
        {
            Learn($"{i}.test");
        }

        Find(born: 1, pid: 1).ShouldBe(expected);
        (_table.Count, _table.NamesEvicted).ShouldBe((1, lost));
    }

    [Fact]
    public void Short_lived_processes_that_ask_for_the_same_names_push_no_name_out()
    {
        Learn("mine.test", at: 0, pid: 1);
        for (var i = 0; i < 1000; i++)
        {
            Learn($"{i % 3}.check.test", at: 1 + (i / 100), pid: (uint)(100 + i));
        }

        Find(born: 1, pid: 1).ShouldBe("mine.test");
        _table.NamesEvicted.ShouldBe(0);
    }

    [Fact]
    public void A_process_whose_connection_speaks_keeps_its_name_when_others_ask_for_the_same()
    {
        Learn("mine.test", at: 0, pid: 1);
        for (var i = 1; i <= 1000; i++)
        {
            Learn(i % 2 == 0 ? "mine.test" : "theirs.test", at: i, pid: (uint)(100 + i));
            if (i % 30 == 0)
            {
                Find(born: 1, pid: 1).ShouldBe("mine.test");
            }
        }

        _table.NamesEvicted.ShouldBe(0);
    }

    [Fact]
    public void A_process_of_many_names_cannot_be_told_by_the_one_of_another()
    {
        Learn("mine.test", at: 0, pid: 1);
        for (var i = 1; i <= 500; i++)
        {
            Learn($"{i}.test", at: i, pid: 8);
            Find(born: 1, pid: 1).ShouldBe("mine.test");
        }
    }

    [Fact]
    public void Names_that_nobody_can_want_any_more_go_first_and_are_not_counted()
    {
        Fill(at: 0, seconds: 10);
        Learn("mine.test", at: 200, pid: 1);
        Learn("mine.test", at: 201, pid: 2);
        for (var i = 0; i < 62; i++)
        {
            Learn($"new{i}.test", at: 201);
        }

        Find(born: 202, pid: 1).ShouldBe("mine.test");
        _table.NamesEvicted.ShouldBe(0);
    }

    [Fact]
    public void A_name_that_is_over_goes_uncounted()
    {
        Fill(at: 0, seconds: 10);
        Learn("new.test", at: 11);

        _table.NamesEvicted.ShouldBe(0);
    }

    [Fact]
    public void All_addresses_together_have_eight_names_each_at_most_and_the_one_not_used_for_longest_goes()
    {
        var table = new DomainTable(new DomainTableOptions { MaxAddresses = 16 });
        foreach (var address in new[] { "192.0.2.1", "192.0.2.2", "192.0.2.3" })
        {
            for (var i = 0; i < 60; i++)
            {
                table.Add(new DomainObservation(1, 7, IpAddress.Parse(address), $"{i}.test", TimeSpan.FromMinutes(1), Second));
            }
        }

        (table.Count, table.Evicted, table.NamesEvicted).ShouldBe((2, 1, 60));
        table.Find(Flow(1, "192.0.2.1")).ShouldBe("");
        table.Find(Flow(1, "192.0.2.2")).ShouldBe("59.test");
    }

    [Fact]
    public void A_flood_of_addresses_stays_within_the_size()
    {
        for (var i = 0; i < 10_000; i++)
        {
            Learn($"{i}.test", $"198.51.{i >> 8}.{i & 255}");
        }

        (_table.Count, _table.Evicted, _table.NamesEvicted).ShouldBe((3, 9997, 9997));
    }

    [Fact]
    public void A_flow_whose_birth_is_not_known_is_taken_to_begin_now()
    {
        Learn("a.test", at: 0, seconds: 20);
        Find(born: 0).ShouldBe("a.test");

        Learn("other.test", "192.0.2.1", at: 60);
        Find(born: 0).ShouldBe("");
    }

    private static FlowIdentity Flow(int born, string address = "203.0.113.10", uint pid = 7) =>
        Some.Flow(destination: address, pid: pid) with { BornNs = (ulong)born * Second };

    private void Learn(string name, string address = "203.0.113.10", int at = 0, int seconds = 60, uint pid = 7) =>
        _table.Add(new DomainObservation(1, pid, IpAddress.Parse(address), name, TimeSpan.FromSeconds(seconds), (ulong)at * Second));

    private void Fill(int at, int seconds)
    {
        for (var i = 0; i < 64; i++)
        {
            Learn($"{i}.test", at: at, seconds: seconds);
        }
    }

    private string Find(int born, string address = "203.0.113.10", uint pid = 7) => _table.Find(Flow(born, address, pid));
}
