using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using EbpfActors.Probes.Net.Http;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Net.Http;

/// <summary>Start lines as clients send them, as nobody should, and as random bytes.</summary>
public sealed class RequestLineTests
{
    private const int Limit = 64;

    private static readonly Gen<byte[]> Garbage = Gen.OneOf(
        Gen.Byte.Array[0, 300],
        Gen.OneOf((byte)' ', (byte)'/', (byte)'?', (byte)'#', (byte)'\r', (byte)'\n', (byte)':', (byte)'A', (byte)0xE2, (byte)0x82, (byte)0).Array[0, 100]);

    private static readonly Gen<string> Word = Gen.String[Gen.OneOf(Gen.Char['a', 'z'], Gen.OneOf('/', '%', '.', '-', '_', '~', '€', 'ä')), 0, 80];

    [Fact]
    public void A_valid_line_gives_its_method_and_its_path() => Gen.Select(
        Gen.OneOf("GET", "POST", "DELETE", "x-y"), Gen.OneOf("", "http://host", "https://h:1"), Word, Gen.OneOf("", "?", "#", "?a=b c&d=://e", "?x#y"), Gen.OneOf("", "\r\n")).Sample(
        (method, scheme, word, tail, before) =>
        {
            var path = "/" + word;
            var parsed = Read($"{before}{method} {scheme}{path}{tail} HTTP/1.1\r\n", isWhole: true);

            parsed.Method.ShouldBe(method);
            parsed.IsTruncated.ShouldBe(Encoding.UTF8.GetByteCount(path) > Limit);
            (parsed.IsTruncated ? path.StartsWith(parsed.Path, StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(parsed.Path) > Limit - 4 : parsed.Path == path).ShouldBeTrue(parsed.Path);
        },
        iter: 20_000);

    [Fact]
    public void Any_bytes_give_a_bounded_path_without_a_query() => Gen.Select(Garbage, Gen.Bool).Sample(ShouldBeHarmless, iter: 50_000);

    [Fact]
    public void What_was_odd_before_is_harmless()
    {
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Corpus", "request-lines.txt")).Select(l => Encoding.Latin1.GetBytes(Regex.Unescape(l))).ToList();

        lines.Count.ShouldBeGreaterThan(10);
        lines.ForEach(l => ShouldBeHarmless(l, true));
        lines.ForEach(l => ShouldBeHarmless(l, false));
    }

    [Fact]
    public void What_is_remembered_is_what_would_be_read() => Gen.Select(Garbage, Gen.Bool).Array[1, 20].Sample(
        lines =>
        {
            var remembers = new RequestLines(Limit);
            foreach (var (line, isWhole) in lines.Concat(lines))
            {
                remembers.Read(line, isWhole).ShouldBe(new RequestLines(Limit).Read(line, isWhole));
            }
        },
        iter: 100);

    private static void ShouldBeHarmless(byte[] line, bool isWhole)
    {
        var parsed = RequestLine.Parse(line, isWhole, Limit);

        parsed.Path.Length.ShouldBeLessThanOrEqualTo(Limit);
        parsed.Path.IndexOfAny("?#"u8).ShouldBe(-1);
        parsed.Method.IndexOf((byte)' ').ShouldBe(-1);
        (parsed.Method.Length + parsed.Path.Length).ShouldBeLessThanOrEqualTo(line.Length + 1, "nothing but a single / is added");
    }

    private static RequestName Read(string line, bool isWhole) => new RequestLines(Limit).Read(Encoding.UTF8.GetBytes(line), isWhole);
}
