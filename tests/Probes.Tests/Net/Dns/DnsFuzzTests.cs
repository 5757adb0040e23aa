using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Net.Dns;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Net.Dns;

/// <summary>Whatever comes, the reader ends, throws nothing, stays in bounds and says one of its words.</summary>
public sealed class DnsFuzzTests
{
    private const int Rounds = 20_000;

    private static readonly byte[][] Seeds =
    [
        DnsBytes.Query(1, "www.example.test"),
        DnsBytes.Answer(DnsBytes.Query(1, "www.example.test"), 0, DnsBytes.Address("www.example.test", "192.0.2.1")),
        DnsBytes.Answer(
            DnsBytes.Query(2, "a.test", DnsBytes.Aaaa), 0, DnsBytes.Alias("a.test", "b.test"), DnsBytes.Alias("b.test", "c.test"),
            DnsBytes.Address("c.test", "2001:db8::1")),
        [
            .. Convert.FromHexString("00028180000100020000000101610474657374" + "0000010001"), 0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, (byte)'b', 0xC0, 14, 0xC0,
            36, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 9, 0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0,
        ],
    ];

    [Fact]
    public void Any_bytes_are_read_without_harm() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => ShouldBeSound(bytes)).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Messages_with_broken_bytes_are_read_without_harm()
    {
        var random = new Random(53);
        for (var round = 0; round < Rounds; round++)
        {
            ShouldBeSound(Mutate(random, Seeds[round % Seeds.Length]));
        }
    }

    [Fact]
    public void Every_beginning_of_a_message_is_read_without_harm()
    {
        foreach (var seed in Seeds)
        {
            ReadMessage.Of(seed).Fault.ShouldBe(DnsFault.None);
            for (var length = 0; length < seed.Length; length++)
            {
                ReadMessage.Of(seed[..length]).Fault.ShouldBe(length < 12 ? DnsFault.Header : DnsFault.Counts, $"{length} bytes");
            }
        }
    }

    [Theory]
    [InlineData(255, 1)]
    [InlineData(256, 0)]
    [InlineData(4500, 0)]
    public void No_more_than_256_records_are_compared_with_a_name(int before, int found)
    {
        var query = DnsBytes.Query(1, "a.test");
        var other = (byte[])[0xC0, 14, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xC0, 12];

        var answer = DnsBytes.Answer(query, 0, [.. Enumerable.Repeat(other, before), DnsBytes.Address("a.test", "192.0.2.1")]);

        ReadMessage.Of(answer).Fault.ShouldBe(DnsFault.None);
        ReadMessage.Of(answer).Addresses.Length.ShouldBe(found);
    }

    [Fact]
    public void Records_of_any_content_leave_the_observer_within_its_bounds()
    {
        var random = new Random(1035);
        var observer = new DnsObserver(new DnsReading(TimeSpan.FromSeconds(6), Names: true, MaxQueries: 64), new ProcessNames("/proc"));
        var sink = new RecordingSink();
        for (var round = 0; round < Rounds; round++)
        {
            var message = Mutate(random, Seeds[round % Seeds.Length]);
            var tcp = random.Next(2) == 0;
            observer.OnRecord(
                DnsPackets.Record(
                    tcp ? DnsBytes.Framed(message) : message,
                    tcp ? Transport.Tcp : Transport.Udp,
                    (DnsFlags)random.Next(8),
                    at: (ulong)round * 1_000_000,
                    sport: (ushort)random.Next(4),
                    seq: (uint)random.NextInt64(1L << 32)),
                sink);
            if (round % 100 == 0)
            {
                observer.Expire((ulong)round * 1_000_000, sink);
            }
        }

        observer.Limits()[0].Used.ShouldBeLessThanOrEqualTo(64);
        observer.Expire(ulong.MaxValue / 2, sink);
        observer.Limits()[0].Used.ShouldBe(0);
        sink.Domains.ShouldAllBe(d => d.Name.Length <= DnsName.MostCharacters);
        sink.Exchanges.Count.ShouldBeGreaterThan(100);
    }

    private static byte[] Mutate(Random random, byte[] seed)
    {
        var bytes = seed.ToList();
        for (var changes = random.Next(1, 5); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, random.Next(bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, random.Next(bytes.Count - at))); break;
                case 4: bytes[at] = (byte)(0xC0 | random.Next(2)); break;
                case 5: bytes[Math.Min(bytes.Count - 1, 4 + random.Next(8))] = 0xFF; break;
            }
        }

        return [.. bytes];
    }

    private static void ShouldBeSound(byte[] bytes)
    {
        var read = ReadMessage.Of(bytes);

        Enum.IsDefined(read.Fault).ShouldBeTrue();
        read.Addresses.Length.ShouldBeInRange(0, DnsAnswers.MostAddresses);
        read.Name.Length.ShouldBeLessThanOrEqualTo(DnsName.MostCharacters);
        (read.Fault == DnsFault.None || read.Addresses.Length == 0).ShouldBeTrue();
        read.Name.ShouldAllBe(c => c > ' ' && c < 0x7F);
    }
}
