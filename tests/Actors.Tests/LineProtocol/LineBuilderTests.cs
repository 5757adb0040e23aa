using System.Text;
using EbpfActors.Actors.LineProtocol;
using EbpfActors.FakeDataKit;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.LineProtocol;

public sealed class LineBuilderTests
{
    private const long Time = 1700000000000000000;
    private readonly LineCuts _cuts = new();

    [Fact]
    public void A_line_is_tags_fields_and_time()
    {
        var tags = new TagSet(_cuts).Set("pid", "5").Set("process_name", "my app=1").Build("httpflow");

        using var line = new LineBuilder(tags, _cuts);
        line.Field("bytes_read", 1);
        line.Field("method", "GET");
        line.Field("path", "/a\"b\\");
        line.Field("truncated", false);
        var bytes = line.Build(Time);

        Encoding.UTF8.GetString(bytes).ShouldBe(
            """httpflow,pid=5,process_name=my\ app\=1 bytes_read=1i,method="GET",path="/a\"b\\",truncated=false 1700000000000000000""");
        bytes.ShouldBe("""httpflow,pid=5,process_name=my\ app\=1 bytes_read=1i,method="GET",path="/a\"b\\",truncated=false 1700000000000000000"""u8.ToArray());
    }

    [Fact]
    public void A_string_keeps_its_newlines()
    {
        var bytes = Line(("cmd", "for i\ndo\techo \"hi\"\r\ndone"));

        bytes.ShouldBe("m cmd=\"for i\ndo\techo \\\"hi\\\"\r\ndone\" 1700000000000000000"u8.ToArray());
    }

    [Theory]
    [InlineData(long.MinValue, "-9223372036854775808i")]
    [InlineData(long.MaxValue, "9223372036854775807i")]
    [InlineData(0, "0i")]
    public void Integers_are_whole(long value, string written) =>
        Text(Line(("n", value))).ShouldBe($"m n={written} 1700000000000000000");

    [Fact]
    public void A_line_without_a_field_is_not_built()
    {
        Should.Throw<InvalidOperationException>(() => Line());
    }

    [Fact]
    public void A_field_key_is_escaped_and_cut()
    {
        var text = Text(Line(("a key=" + new string('x', 300), true)));

        text.ShouldBe("m a\\ key\\=" + new string('x', 250) + "=true 1700000000000000000");
        _cuts.Count.ShouldBe(1);
    }

    [Fact]
    public void Half_a_surrogate_pair_in_a_string_is_replaced() =>
        Text(Line(("s", "\udc00x"))).ShouldBe("m s=\"\ufffdx\" 1700000000000000000");

    [Fact]
    public void A_time_that_is_none_is_left_to_the_server()
    {
        using var line = new LineBuilder(new TagSet(_cuts).Build("m"), _cuts);
        line.Field("n", 1);

        line.Build(0).ShouldBe("m n=1i"u8.ToArray());
    }

    [Theory]
    [InlineData('x')]
    [InlineData('"')]
    [InlineData('é')]
    [InlineData('日')]
    public void However_long_its_strings_a_line_stays_below_one_mebibyte_and_valid(char filler)
    {
        var bytes = Line(
            ("first", new string(filler, 600_000)),
            ("second", new string(filler, 3_000_000)),
            ("third", new string(filler, 3_000_000)),
            ("number", long.MinValue));

        bytes.Length.ShouldBeLessThanOrEqualTo(LineLimits.LineBytes);
        var point = LineParser.Parse(Text(bytes));
        ((string)point.Fields["first"]).ShouldBe(new string(filler, ((string)point.Fields["first"]).Length));
        ((string)point.Fields["first"]).Length.ShouldBeGreaterThan(150_000);
        point.Fields["number"].ShouldBe(long.MinValue);
        point.Time.ShouldBe(Time);
        _cuts.Count.ShouldBe(3);
    }

    [Fact]
    public void Plain_fields_cost_no_allocation_but_the_line()
    {
        var tags = new TagSet(_cuts).Set("host", "node-1").Build("netflow");
        Build(tags);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var bytes = Build(tags);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        allocated.ShouldBeLessThanOrEqualTo(bytes.Length + 32);

        byte[] Build(PointTags with)
        {
            using var line = new LineBuilder(with, _cuts);
            line.Field("bytes_read", 5120);
            line.Field("method", "GET");
            line.Field("truncated", true);
            return line.Build(Time);
        }
    }

    private byte[] Line(params (string Key, object Value)[] fields)
    {
        var line = new LineBuilder(new TagSet(_cuts).Build("m"), _cuts);
        foreach (var (key, value) in fields)
        {
            switch (value)
            {
                case string text:
                    line.Field(key, text);
                    break;
                case bool flag:
                    line.Field(key, flag);
                    break;
                case long number:
                    line.Field(key, number);
                    break;
            }
        }

        try
        {
            return line.Build(Time);
        }
        finally
        {
            line.Dispose();
        }
    }

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
