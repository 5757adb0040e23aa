using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>What a byte-level client and server say to each other on a port that is set to be DNS, and what the probe makes of it.</summary>
public sealed class DnsTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", true)]
    [InlineData("::1", false)]
    public void A_query_over_UDP_is_one_exchange_on_each_side(string address, bool connected)
    {
        using var exchange = new UdpExchange(IPAddress.Parse(address), connected);
        using var recorder = Recorder(exchange.ServerAddress.Port);
        var query = DnsBytes.Query(7, "a.test");

        exchange.ToServer(query);
        exchange.ToClient(DnsBytes.Answer(query, 0, DnsBytes.Address("a.test", "192.0.2.1", 77)));

        ShouldSee(recorder, rcode: 0, 1, 1);
        recorder.Queries.ShouldAllBe(q => q.Name == "a.test" && q.LatencyNs > 0 && q.Flow.Transport == Transport.Udp);
        var client = recorder.Queries.Single(q => q.Flow.Direction == Direction.Outgoing);
        exchange.IsClient(client.Flow).ShouldBeTrue();
        client.Flow.Pid.ShouldBe((uint)Environment.ProcessId);
        var domain = recorder.Domains.ShouldHaveSingleItem();
        (domain.Address.ToString(), domain.Name, domain.TimeToLive, domain.Pid).ShouldBe(("192.0.2.1", "a.test", TimeSpan.FromSeconds(77), (uint)Environment.ProcessId));
        domain.NetNamespace.ShouldBe(client.Flow.NetNamespace);
    }

    [Theory]
    [InlineData(128, 0)]
    [InlineData(129, 0)]
    [InlineData(512, 0)]
    [InlineData(513, 0)]
    [InlineData(4096, 0)]
    [InlineData(4097, 2)]
    [InlineData(60_000, 2)]
    public void Datagrams_of_any_size_are_answers_and_those_above_4096_bytes_are_counted_as_truncated(int size, int truncated)
    {
        using var exchange = new UdpExchange(IPAddress.Loopback, connected: true);
        using var recorder = Recorder(exchange.ServerAddress.Port);
        var query = DnsBytes.Query(7, "a.test");
        var answer = DnsBytes.Answer(query, 0, DnsBytes.Address("a.test", "192.0.2.1"));

        exchange.ToServer(query);
        exchange.ToClient([.. answer, .. new byte[size - answer.Length]]);

        ShouldSee(recorder, rcode: 0, 1, 1);
        recorder.Domains.Count.ShouldBe(1);
        recorder.Counters.LeftOut.Where(l => l.Reason == "dns-truncated").Sum(l => l.Records).ShouldBe(truncated);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(13)]
    [InlineData(100_000)]
    public void Several_messages_of_one_connection_come_out_of_segments_of_any_size(int size)
    {
        using var listener = TcpExchange.Listen(IPAddress.Loopback);
        using var recorder = Recorder(TcpExchange.Port(listener));
        using var connection = new TcpExchange(IPAddress.Loopback, listener);
        var queries = Enumerable.Range(1, 5).Select(i => DnsBytes.Query((ushort)i, $"{i}.test")).ToArray();
        var answers = queries.Select((q, i) => DnsBytes.Answer(q, i == 4 ? 3 : 0, i == 4 ? [] : [DnsBytes.Address($"{i + 1}.test", $"192.0.2.{i + 1}")]));

        Write(connection.Client, connection.Server, [.. queries.SelectMany(DnsBytes.Framed)], size);
        // In another order than they were asked.
        Write(connection.Server, connection.Client, [.. answers.Reverse().SelectMany(DnsBytes.Framed)], size);

        ShouldSee(recorder, null, 5, 5);
        recorder.Queries.Count(q => q.Rcode == 3).ShouldBe(2);
        recorder.Queries.ShouldAllBe(q => q.Flow.Transport == Transport.Tcp);
        recorder.Domains.Select(d => d.Name).ShouldBe(["4.test", "3.test", "2.test", "1.test"]);
        recorder.Domains.ShouldAllBe(d => d.Pid == Environment.ProcessId);
        recorder.OwnLosses.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void A_message_of_65535_bytes_comes_through_whole(string address)
    {
        using var listener = TcpExchange.Listen(IPAddress.Parse(address));
        using var recorder = Recorder(TcpExchange.Port(listener));
        using var connection = new TcpExchange(IPAddress.Parse(address), listener);
        var query = DnsBytes.Query(1, "a.test");
        var text = (int length) => DnsBytes.Record("a.test", 16, 1, new byte[length]);
        var room = 65_535 - DnsBytes.Answer(query, 0, text(60_000), text(0), DnsBytes.Address("a.test", "192.0.2.1")).Length;
        var answer = DnsBytes.Answer(query, 0, text(60_000), text(room), DnsBytes.Address("a.test", "192.0.2.1"));
        answer.Length.ShouldBe(65_535);

        Write(connection.Client, connection.Server, DnsBytes.Framed(query), 1000);
        Write(connection.Server, connection.Client, DnsBytes.Framed(answer), int.MaxValue);

        ShouldSee(recorder, rcode: 0, 1, 1);
        recorder.Domains.ShouldHaveSingleItem().Address.ToString().ShouldBe("192.0.2.1");
        recorder.OwnLosses.ShouldBeEmpty();
    }

    [Fact]
    public void A_query_that_is_asked_again_is_one_and_one_that_nobody_answers_times_out_when_it_is_due()
    {
        using var exchange = new UdpExchange(IPAddress.Loopback, connected: true);
        using var recorder = Recorder(exchange.ServerAddress.Port, TimeSpan.FromMilliseconds(700));
        var query = DnsBytes.Query(7, "a.test");

        var asked = Stopwatch.GetTimestamp();
        exchange.ToServer(query);
        exchange.ToServer(query);
        ShouldSee(recorder, DnsExchange.TimedOut, 1, 1);
        var timedOut = Stopwatch.GetElapsedTime(asked);
        exchange.ToClient(DnsBytes.Answer(query, 0));

        recorder.Until(_ => recorder.Counters.LeftOut.Any(l => l.Reason == "dns-late" && l.Records == 2), "the late answer is counted on both sides");
        recorder.Queries.ShouldAllBe(q => q.Retries == 1 && q.LatencyNs == 0);
        recorder.Queries.Count.ShouldBe(2);
        // The recorder looks all the time; that the probe itself does not sleep past what is due is the test below.
        timedOut.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(700));
    }

    [Fact]
    public void A_wait_ends_when_a_query_is_due()
    {
        using var exchange = new UdpExchange(IPAddress.Loopback, connected: true);
        using var recorder = Recorder(exchange.ServerAddress.Port, TimeSpan.FromMilliseconds(200));
        exchange.ToServer(DnsBytes.Query(7, "a.test"));
        recorder.Until(_ => recorder.Counters.Limits.Any(l => l.Table == "DNS queries under way" && l.Used == 2), "both sides wait for the answer");

        // Connections of others on this host may end a wait, too; what must not happen is that one goes on for its full time.
        var begun = Stopwatch.GetTimestamp();
        Eventually.Holds(() => recorder.Queries.Count >= 2, meanwhile: () => recorder.WaitAndDrain(Eventually.Patience));
        Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(Eventually.Patience);
        recorder.Queries.ShouldAllBe(q => q.Rcode == DnsExchange.TimedOut);
    }

    [Fact]
    public void An_answer_to_nobody_is_counted_and_names_nothing()
    {
        using var exchange = new UdpExchange(IPAddress.Loopback, connected: true);
        using var recorder = Recorder(exchange.ServerAddress.Port);
        exchange.ToServer(DnsBytes.Query(7, "a.test"));

        exchange.ToClient(DnsBytes.Answer(DnsBytes.Query(8, "a.test"), 0, DnsBytes.Address("a.test", "192.0.2.66")));
        exchange.ToClient(DnsBytes.Answer(DnsBytes.Query(7, "b.test"), 0, DnsBytes.Address("b.test", "192.0.2.66")));

        recorder.Until(_ => recorder.Counters.LeftOut.Any(l => l.Reason == "dns-unasked" && l.Records == 4), "two answers are unasked on both sides");
        recorder.Queries.ShouldBeEmpty();
        recorder.Domains.ShouldBeEmpty();
    }

    [Fact]
    public void Other_ports_are_left_alone()
    {
        using UdpExchange dns = new(IPAddress.Loopback, connected: true), other = new(IPAddress.Loopback, connected: true);
        using var recorder = Recorder(dns.ServerAddress.Port);
        var query = DnsBytes.Query(7, "a.test");
        foreach (var exchange in (UdpExchange[])[other, dns])
        {
            exchange.ToServer(query);
            exchange.ToClient(DnsBytes.Answer(query, 0));
        }

        ShouldSee(recorder, rcode: 0, 1, 1);
        recorder.Queries.ShouldAllBe(q => dns.IsClient(q.Flow) || dns.IsServer(q.Flow));
    }

    [Fact]
    public void Without_httpflow_both_transports_are_read_all_the_same()
    {
        using var exchange = new UdpExchange(IPAddress.Loopback, connected: true);
        using var listener = TcpExchange.Listen(IPAddress.Loopback);
        using var recorder = new FlowRecorder(
            new NetProbeOptions { Http = false, DnsPorts = [(ushort)exchange.ServerAddress.Port, (ushort)TcpExchange.Port(listener)] });
        using var connection = new TcpExchange(IPAddress.Loopback, listener);
        var query = DnsBytes.Query(7, "a.test");

        exchange.ToServer(query);
        exchange.ToClient(DnsBytes.Answer(query, 0));
        Write(connection.Client, connection.Server, DnsBytes.Framed(query), 1000);
        Write(connection.Server, connection.Client, DnsBytes.Framed(DnsBytes.Answer(query, 0)), 1000);

        ShouldSee(recorder, rcode: 0, 2, 2);
        recorder.Queries.Count(q => q.Flow.Transport == Transport.Tcp).ShouldBe(2);
    }

    [Fact]
    public void Without_ports_there_is_no_DNS()
    {
        using var exchange = new UdpExchange(IPAddress.Loopback, connected: true);
        using var recorder = new FlowRecorder(new NetProbeOptions { DnsPorts = [] });
        var query = DnsBytes.Query(7, "a.test");

        exchange.ToServer(query);
        exchange.ToClient(DnsBytes.Answer(query, 0));

        // What netflow says of the datagrams comes after what DNS would have said of them.
        recorder.ShouldReach(exchange.IsClient, new FlowSum((ulong)query.Length, (ulong)DnsBytes.Answer(query, 0).Length));
        recorder.Queries.ShouldBeEmpty();
        recorder.Counters.LeftOut.ShouldNotContain(l => l.Reason.StartsWith("dns-", StringComparison.Ordinal));
    }

    [Fact]
    public void A_query_whose_destination_is_translated_on_its_way_out_finds_its_answer()
    {
        using var space = new NetworkNamespace();
        space.Exec("nft", "add table ip nat");
        space.Exec("nft", "add chain ip nat output { type nat hook output priority -100 ; }");
        space.Exec("nft", "add rule ip nat output ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.1:5300");
        using var recorder = Recorder(53);
        var query = DnsBytes.Query(7, "a.test");

        space.Run(() =>
        {
            using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
            server.Bind(new IPEndPoint(IPAddress.Loopback, 5300));
            client.Connect(IPAddress.Parse("127.0.0.11"), 53);
            client.Send(query);
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            server.ReceiveFrom(new byte[512], ref from);
            server.SendTo(DnsBytes.Answer(query, 0, DnsBytes.Address("a.test", "192.0.2.1")), from);
            client.Receive(new byte[512]);
        });

        ShouldSee(recorder, rcode: 0, 1, 0);
        recorder.Queries.ShouldHaveSingleItem().Flow.Destination.ToString().ShouldBe("127.0.0.11");
        recorder.Domains.ShouldHaveSingleItem().NetNamespace.ShouldBe(space.Inode);
    }

    private static FlowRecorder Recorder(int port, TimeSpan? timeout = null) => new(new NetProbeOptions
    {
        DnsPorts = [(ushort)port],
        DnsNames = true,
        DnsTimeout = timeout ?? TimeSpan.FromSeconds(6),
    });

    private static void ShouldSee(FlowRecorder recorder, int? rcode, int clients, int servers)
    {
        recorder.Until(_ => recorder.Queries.Count >= clients + servers, () =>
            $"{string.Join('\n', recorder.Queries)}\n{string.Join(", ", recorder.Counters.LeftOut)}, {string.Join(", ", recorder.Counters.Losses)}");
        recorder.Queries.Count(q => q.Flow.Direction == Direction.Outgoing).ShouldBe(clients);
        recorder.Queries.Count(q => q.Flow.Direction == Direction.Incoming).ShouldBe(servers);
        recorder.Queries.ShouldAllBe(q => rcode == null || q.Rcode == rcode);
    }

    /// <summary>In pieces that each become a packet: the next one is written when the peer has read the one before.</summary>
    private static void Write(Socket from, Socket to, byte[] bytes, int size)
    {
        from.NoDelay = true;
        var buffer = new byte[128 * 1024];
        for (var at = 0; at < bytes.Length;)
        {
            var piece = bytes.AsMemory(at, Math.Min(size, bytes.Length - at));
            var sending = Task.Run(() => from.Send(piece.Span));
            for (var left = piece.Length; left > 0;)
            {
                left -= to.Receive(buffer);
            }

            sending.Wait();
            at += piece.Length;
        }
    }
}
