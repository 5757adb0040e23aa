using EbpfActors.Probes.Net.Dns;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Net.Dns;

public sealed class DnsStreamsTests
{
    /// <summary>A message of this length is taken for none.</summary>
    private const int Nonsense = 99;

    private readonly List<byte[]> _messages = [];
    private readonly DnsStreams _streams = new(maxStreams: 3, maxBytes: 100_000);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(536)]
    [InlineData(100_000)]
    public void Messages_of_any_size_come_out_of_segments_of_any_size(int size)
    {
        var sent = Messages(0, 1, 12, 65_535, 300, 2);
        Begin(seq: uint.MaxValue - 10);
        var seq = uint.MaxValue - 10;
        foreach (var segment in Stream(sent).Chunk(size))
        {
            Segment(segment, seq);
            seq += (uint)segment.Length;
        }

        ShouldBe(sent);
        (_streams.Gaps, _streams.TooMany, _streams.Bytes).ShouldBe((0, 0, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(53)]
    [InlineData(2026)]
    public void Segments_may_come_twice_overlap_and_change_places(int seed)
    {
        var random = new Random(seed);
        var sent = Messages([.. Enumerable.Range(0, 40).Select(_ => random.Next(1500))]);
        var stream = Stream(sent).ToArray();
        var segments = new List<(int At, int Length)>();
        for (var at = 0; at < stream.Length;)
        {
            var length = Math.Min(random.Next(1, 900), stream.Length - at);
            var overlap = Math.Min(at, random.Next(0, 50));
            segments.Add((at - overlap, length + overlap));
            segments.AddRange(random.Next(4) == 0 ? [(at, length)] : []);
            at += length;
        }

        // Neighbours within ten change places.
        foreach (var (at, length) in segments.Index().OrderBy(s => s.Index + random.Next(10)).Select(s => s.Item))
        {
            if (_messages.Count == 0 && _streams.Count == 0)
            {
                Begin(seq: 1000);
            }

            Segment(stream.AsSpan(at, length).ToArray(), 1000 + (uint)at);
        }

        ShouldBe(sent);
        (_streams.Gaps, _streams.Bytes).ShouldBe((0, 0));
    }

    [Fact]
    public void A_connection_that_is_older_than_the_agent_is_read_from_its_next_message()
    {
        var sent = Messages(30, 40);
        Segment([.. Stream(sent)], seq: 5000);

        ShouldBe(sent);
    }

    [Fact]
    public void A_part_that_never_comes_costs_its_stream_until_it_begins_anew_and_is_counted()
    {
        var sent = Messages(10);
        byte[] framed = [.. Stream(sent)];
        Begin(seq: 0);
        Segment(framed, seq: 100);
        Segment(framed, seq: DnsStream.Window);
        _streams.Gaps.ShouldBe(1);
        Segment(framed, seq: 0);
        _messages.ShouldBeEmpty();
        _streams.Bytes.ShouldBe(0);

        Begin(seq: 777);
        Segment(framed, seq: 777);

        ShouldBe(sent);
        _streams.Gaps.ShouldBe(1);
    }

    [Fact]
    public void A_message_that_is_cut_by_the_connection_s_end_is_counted_once_nothing_can_come_any_more()
    {
        Begin(seq: 0);
        Segment([0, 10, 1, 2], seq: 0);
        Segment([], seq: 4, DnsFlags.End);
        _streams.Gaps.ShouldBe(0);

        _streams.Sweep(61_000_000_000);

        (_streams.Gaps, _streams.Count, _streams.Bytes).ShouldBe((1, 0, 0));
    }

    [Fact]
    public void A_segment_behind_the_end_is_read_where_something_was_missing()
    {
        var sent = Messages(10);
        byte[] framed = [.. Stream(sent)];
        Begin(seq: 0);
        Segment(framed[5..], seq: 5);
        Segment([], seq: 12, DnsFlags.End);
        Segment(framed[..5], seq: 0);

        ShouldBe(sent);
        _streams.Gaps.ShouldBe(0);
    }

    [Fact]
    public void A_stream_whose_beginning_was_guessed_wrong_is_given_up_and_one_that_began_is_not()
    {
        var sent = Messages(Nonsense, 10);
        Segment([.. Stream(sent)], seq: 5000, sport: 1);
        _messages.Count.ShouldBe(1);
        _streams.Gaps.ShouldBe(1);
        Segment([.. Stream(sent)], seq: 5113, sport: 1);
        _messages.Count.ShouldBe(1);

        Begin(seq: 0, sport: 2);
        Segment([.. Stream(sent)], seq: 0, sport: 2);
        _messages.Count.ShouldBe(3);
        _streams.Gaps.ShouldBe(1);
    }

    [Fact]
    public void Streams_and_bytes_have_a_limit_and_what_is_beyond_is_counted()
    {
        for (ushort port = 1; port <= 5; port++)
        {
            Begin(seq: 0, port);
        }

        (_streams.Count, _streams.TooMany).ShouldBe((3, 2));
        for (ushort port = 1; port <= 3; port++)
        {
            Segment([0xFF, 0xFF, .. new byte[40_000]], seq: 0, sport: port);
        }

        _streams.TooMany.ShouldBe(3);
        _streams.Bytes.ShouldBeLessThanOrEqualTo(100_000);
    }

    [Fact]
    public void A_stream_in_which_nothing_comes_for_long_is_let_go()
    {
        Begin(seq: 0);
        _streams.Sweep(59_000_000_000);
        _streams.Count.ShouldBe(1);

        _streams.Sweep(61_000_000_000);

        (_streams.Count, _streams.Gaps).ShouldBe((0, 0));
    }

    private static List<byte[]> Messages(params int[] lengths) =>
        [.. lengths.Select((length, i) => Enumerable.Range(0, length).Select(b => (byte)(b + i)).ToArray())];

    private static IEnumerable<byte> Stream(IEnumerable<byte[]> messages) =>
        messages.SelectMany(m => (byte[])[(byte)(m.Length >> 8), (byte)m.Length, .. m]);

    private void Begin(uint seq, ushort sport = 40_000) => Segment([], seq, DnsFlags.Begin, sport);

    private void Segment(byte[] bytes, uint seq, DnsFlags flags = DnsFlags.None, ushort sport = 40_000)
    {
        DnsRecord.TryRead(DnsPackets.Record(bytes[..Math.Min(bytes.Length, 65_535)], Probes.Net.Transport.Tcp, flags, 0, sport, seq), out var record, out var payload)
            .ShouldBeTrue();
        _streams.OnRecord(record, payload, message =>
        {
            _messages.Add(message.ToArray());
            return message.Length != Nonsense;
        });
        if (bytes.Length > 65_535)
        {
            Segment(bytes[65_535..], seq + 65_535, flags, sport);
        }
    }

    private void ShouldBe(List<byte[]> sent)
    {
        _messages.Count.ShouldBe(sent.Count);
        for (var i = 0; i < sent.Count; i++)
        {
            _messages[i].AsSpan().SequenceEqual(sent[i]).ShouldBeTrue($"message {i} of {sent[i].Length} bytes");
        }
    }
}
