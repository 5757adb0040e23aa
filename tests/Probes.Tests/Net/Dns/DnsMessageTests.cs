using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net.Dns;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Net.Dns;

public sealed class DnsMessageTests
{
    public static TheoryData<string> Corpus() => [.. Directory.GetFiles(Folder, "*.hex").Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Net", "Dns", "corpus");

    [Theory]
    [MemberData(nameof(Corpus))]
    public void Every_message_of_the_corpus_is_read_as_its_file_says(string name)
    {
        var lines = File.ReadAllLines(Path.Combine(Folder, name + ".hex"));
        string Said(string key) => lines.Single(l => l.StartsWith($"# {key}:", StringComparison.Ordinal))[(key.Length + 3)..].Trim();
        var bytes = Convert.FromHexString(string.Concat(lines.Where(l => !l.StartsWith('#'))));

        var read = ReadMessage.Of(bytes);

        read.Fault.ToString().ShouldBe(Said("fault"));
        read.Addresses.Select(a => a.Address.ToString()).ShouldBe(Said("addresses").Split(',', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_query_of_literal_bytes_is_read()
    {
        var read = ReadMessage.Of(Convert.FromHexString(
            "BEEF" + "0100" + "0001" + "0000" + "0000" + "0001" + "03777777" + "074578616D706C65" + "00" + "001C" + "0001" + "0000291000000000000000"));

        read.ShouldBe(new ReadMessage(DnsFault.None, 0xBEEF, IsResponse: false, "www.example", 28, Rcode: 0, read.Addresses));
        read.Addresses.ShouldBeEmpty();
    }

    [Fact]
    public void The_upper_bits_of_a_response_code_come_from_EDNS()
    {
        var query = DnsBytes.Query(1, "a.test");
        byte[] answer = [.. DnsBytes.Answer(query, rcode: 7), 0, 0, 41, 16, 0, 1, 0, 0, 0, 0, 0];
        answer[11] = 1;

        ReadMessage.Of(answer).Rcode.ShouldBe((1 << 4) | 7);
    }

    [Fact]
    public void Two_spellings_of_a_name_are_one_question_and_two_types_are_two()
    {
        Question("WWW.Test").ShouldBe(Question("www.tesT"));
        Question("www.test").ShouldNotBe(Question("www.test", DnsBytes.Aaaa));
        Question("ww.wtest").ShouldNotBe(Question("www.test"));

        static ulong Question(string name, ushort type = DnsBytes.A)
        {
            DnsMessage.Read(DnsBytes.Query(1, name, type), new byte[DnsName.MostBytes], out var message).ShouldBe(DnsFault.None);
            return message.Question;
        }
    }

    [Fact]
    public void An_address_lives_as_long_as_the_shortest_link_of_its_chain()
    {
        var answer = DnsBytes.Answer(
            DnsBytes.Query(1, "a.test"), 0, DnsBytes.Alias("a.test", "b.test", 300), DnsBytes.Alias("b.test", "c.test", 20), DnsBytes.Address("c.test", "192.0.2.1", 60),
            DnsBytes.Address("c.test", "192.0.2.2", 10));

        ReadMessage.Of(answer).Addresses.Select(a => a.Seconds).ShouldBe([20u, 10u]);
    }

    [Theory]
    [InlineData(0x7FFFFFFFu, 0x7FFFFFFFu)]
    [InlineData(0x80000000u, 0u)]
    public void A_lifetime_with_its_highest_bit_is_none(uint seconds, uint expected) =>
        ReadMessage.Of(DnsBytes.Answer(DnsBytes.Query(1, "a.test"), 0, DnsBytes.Address("a.test", "192.0.2.1", seconds)))
            .Addresses.ShouldHaveSingleItem().Seconds.ShouldBe(expected);

    [Fact]
    public void A_chain_longer_than_any_resolver_follows_leads_nowhere()
    {
        var links = Enumerable.Range(0, 40).Select(i => DnsBytes.Alias($"{i}.test", $"{i + 1}.test"));

        ReadMessage.Of(DnsBytes.Answer(DnsBytes.Query(1, "0.test"), 0, [.. links, DnsBytes.Address("40.test", "192.0.2.1")])).Addresses.ShouldBeEmpty();
    }

    [Fact]
    public void What_is_no_letter_is_written_in_digits()
    {
        byte[] wire = [3, (byte)'a', (byte)'.', 0, 2, 0xFF, (byte)'\\', 1, (byte)' ', 0];
        Span<char> text = stackalloc char[DnsName.MostCharacters];

        text[..DnsName.Write(wire, text)].ToString().ShouldBe(@"a\046\000.\255\092.\032");
        text[..DnsName.Write([0], text)].ToString().ShouldBe(".");
    }
}
