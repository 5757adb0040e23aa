using System.Text;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.LineProtocol;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.LineProtocol;

public sealed class TagSetTests
{
    private readonly LineCuts _cuts = new();

    [Fact]
    public void Tags_are_sorted_by_key_and_empty_ones_left_out()
    {
        var tags = new TagSet(_cuts).Set("src_port", "*").Set("dst_domain", "").Set("direction", "outgoing").Set("process_name", null);

        Text(tags.Build("netflow")).ShouldBe("netflow,direction=outgoing,src_port=*");
    }

    [Theory]
    [InlineData("my app=1", "my\\ app\\=1")]
    [InlineData("a,b", "a\\,b")]
    [InlineData("C:\\dir\\", "C:\\dir")]
    [InlineData("ends\\\\", "ends")]
    [InlineData("\\", "N/A")]
    [InlineData("\\\\\\", "N/A")]
    [InlineData("a\\,b", "a\\\\,b")]
    [InlineData("two\r\nlines\ttab\u0000nul\u007f", "two\\ \\ lines\\ tab\\ nul\\ ")]
    [InlineData("next\u0085line", "next\\ line")]
    [InlineData("Größe 日本 🙂", "Größe\\ 日本\\ 🙂")]
    [InlineData("quote\"", "quote\"")]
    public void A_value_is_escaped(string value, string written)
    {
        Text(new TagSet(_cuts).Set("k", value).Build("m")).ShouldBe($"m,k={written}");
        _cuts.Count.ShouldBe(0);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_replaced()
    {
        Text(new TagSet(_cuts).Set("k", "a\ud83d").Build("m")).ShouldBe("m,k=a\ufffd");
    }

    [Fact]
    public void Measurement_and_keys_are_escaped_too_and_a_comment_sign_is_not_one()
    {
        Text(new TagSet(_cuts).Set("a b=c,d\\", "v").Build("#my point,x")).ShouldBe("_my\\ point\\,x,a\\ b\\=c\\,d=v");
    }

    [Fact]
    public void A_value_is_cut_at_whole_characters_and_counted()
    {
        var value = new string('x', 1023) + "é";

        var text = Text(new TagSet(_cuts).Set("k", value).Build("m"));

        text.ShouldBe("m,k=" + new string('x', 1023));
        _cuts.Count.ShouldBe(1);
    }

    [Fact]
    public void Keys_that_are_equal_after_the_cut_stand_once_and_the_last_wins()
    {
        var key = new string('k', 256);

        var text = Text(new TagSet(_cuts).Set(key + "1", "a").Set(key + "2", "b").Build("m"));

        text.ShouldBe($"m,{key}=b");
        _cuts.Count.ShouldBe(2);
    }

    [Fact]
    public void A_global_tag_never_replaces_a_computed_one()
    {
        var tags = new TagSet(_cuts).Set("host", "node-1").SetGlobal("host", "other").SetGlobal("env", "prod").SetGlobal("env", "late");

        Text(tags.Build("m")).ShouldBe("m,env=prod,host=node-1");
    }

    [Fact]
    public void A_series_stays_below_what_DataKit_refuses()
    {
        var tags = new TagSet(_cuts);
        for (var i = 0; i < 300; i++)
        {
            tags.Set($"key{i:d3}", new string(' ', 700));
        }

        tags.Build("m").Bytes.Length.ShouldBeLessThan(65_001);
        _cuts.Count.ShouldBeGreaterThan(200);
    }

    [Fact]
    public void Cuts_stand_in_the_ledger_as_lost()
    {
        var ledger = new FlowLedger();

        new TagSet(LineCuts.In(ledger)).Set("k", new string('x', 2000)).Build("m");

        var entry = ledger.Snapshot().ShouldHaveSingleItem();
        (entry.Stage, entry.Unit, entry.In, entry.InFlight).ShouldBe(("line-protocol", "values", 1, 0));
        entry.Lost["tag-value-cut"].ShouldBe(1);
    }

    private static string Text(PointTags tags) => Encoding.UTF8.GetString(tags.Bytes);
}
