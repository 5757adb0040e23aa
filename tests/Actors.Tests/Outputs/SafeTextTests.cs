using EbpfActors.Actors.Outputs;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Outputs;

public sealed class SafeTextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("nginx: worker", "nginx: worker")]
    [InlineData("größe 日本 🦀 C:\\x", "größe 日本 🦀 C:\\x")]
    [InlineData("a\nb\rc\td", @"a\nb\rc\td")]
    [InlineData("\u001b[31mred\u001b[0m", @"\x1b[31mred\x1b[0m")]
    [InlineData("\0\a\u007f", @"\x00\x07\x7f")]
    [InlineData("C1 \u009b31m\u0085", @"C1 \x9b31m\x85")]
    [InlineData("txt.\u202eexe\u202c \u2066x\u2069 \u200e\u200f\u061c", @"txt.\u202eexe\u202c \u2066x\u2069 \u200e\u200f\u061c")]
    [InlineData("two\u2028lines\u2029", @"two\u2028lines\u2029")]
    public void What_could_steer_a_terminal_or_forge_a_line_is_shown_as_an_escape(string text, string shown) =>
        SafeText.OneLine(text).ShouldBe(shown);

    /// <summary>Not as data of an attribute, which cannot hold them.</summary>
    [Fact]
    public void Half_a_character_is_shown_as_an_escape()
    {
        SafeText.OneLine("half \ud83e").ShouldBe(@"half \ud83e");
        SafeText.OneLine("\udd80 half").ShouldBe(@"\udd80 half");
        SafeText.OneLine("\ud83ex").ShouldBe(@"\ud83ex");
    }

    [Fact]
    public void Text_that_is_safe_is_not_copied() => SafeText.OneLine("bash").ShouldBeSameAs("bash");
}
