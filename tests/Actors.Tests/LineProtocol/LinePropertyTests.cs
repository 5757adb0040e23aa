using System.Text;
using EbpfActors.Actors.LineProtocol;
using EbpfActors.FakeDataKit;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.LineProtocol;

/// <summary>Whatever goes in, a parser that shares no code with the writer reads it back.</summary>
public sealed class LinePropertyTests
{
    private static readonly char[] Nasty = [',', '=', ' ', '\\', '"', '\n', '\r', '\t', '\0', '\u0085', '\ud83d', '\ude42', 'é', '日', '#', 'a', '0'];

    private static readonly Gen<string> Text =
        Gen.ListOf(Gen.Frequency((3, Gen.Elements(Nasty)), (1, ArbMap.Default.GeneratorFor<char>()))).Select(chars => new string([.. chars]));

    [Fact]
    public void Any_string_field_reads_back_as_it_was()
    {
        Prop.ForAll(Text.ToArbitrary(), value =>
        {
            var point = Parse(Line("m", [], value));

            point.Fields["s"].ShouldBe(Utf8(value));
            point.Fields["n"].ShouldBe(1L);
            point.Time.ShouldBe(1700000000000000000);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Any_tags_make_one_valid_line_with_sorted_keys_and_readable_values()
    {
        Prop.ForAll(Gen.Two(Text).ListOf().ToArbitrary(), pairs =>
        {
            var tags = pairs.Select(p => (Key: p.Item1, Value: p.Item2)).ToList();

            var point = Parse(Line("m", tags, "x"));

            point.TagOrder.ShouldBe(point.TagOrder.OrderBy(Encoding.UTF8.GetBytes, new ByBytes()));
            foreach (var key in tags.Select(t => Clean(t.Key)).Where(k => k.Length > 0).Distinct())
            {
                // The last one set wins, and an empty one takes the tag away; one that cannot be written does not.
                var last = tags.Last(t => Clean(t.Key) == key).Value;
                point.Tags.GetValueOrDefault(key, "").ShouldBe(string.IsNullOrEmpty(last) || Clean(last).Length > 0 ? Clean(last) : "N/A");
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Any_measurement_starts_a_valid_line()
    {
        Prop.ForAll(Text.Where(t => Clean(t).Length > 0).ToArbitrary(), name =>
        {
            var clean = Clean(name);

            Parse(Line(name, [("k", "v")], "x")).Measurement.ShouldBe(clean[0] == '#' ? "_" + clean[1..] : clean);
        }).QuickCheckThrowOnFailure();
    }

    private static string Line(string measurement, List<(string Key, string Value)> tags, string value)
    {
        var cuts = new LineCuts();
        var set = new TagSet(cuts);
        tags.ForEach(tag => set.Set(tag.Key, tag.Value));
        using var line = new LineBuilder(set.Build(measurement), cuts);
        line.Field("s", value);
        line.Field("n", 1);
        return Encoding.UTF8.GetString(line.Build(1700000000000000000));
    }

    private static ParsedPoint Parse(string line)
    {
        LineParser.Lines(line + "\n").ShouldHaveSingleItem();
        return LineParser.Parse(line);
    }

    private static string Utf8(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static string Clean(string text) =>
        string.Concat(Utf8(text).Select(c => char.IsControl(c) ? ' ' : c)).TrimEnd('\\');

    private sealed class ByBytes : IComparer<byte[]>
    {
        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
