using System.Text;
using EbpfActors.Probes.Net.Http;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Net.Http;

public sealed class PathTextTests
{
    [Theory]
    [InlineData("/index.html?q", "/index.html?q")]
    [InlineData("/a%20b", "/a%20b")]
    [InlineData("/\u00e2\u0082\u00ac", "/\u20ac")]
    [InlineData("/nul\0\u001b[31m\u007f", "/nul%00%1B[31m%7F")]
    [InlineData("/csi\u00c2\u009b", "/csi%C2%9B")]
    [InlineData("/\u00ff\u00fe\u00c3.", "/%FF%FE%C3.")]
    [InlineData("/cut\u00e2\u0082", "/cut%E2%82")]
    public void Bytes_that_are_no_text_are_written_as_URLs_write_them(string bytes, string expected)
    {
        var path = Encoding.Latin1.GetBytes(bytes);

        PathText.Of(path).ShouldBe(expected);
        PathText.IsPlain(path).ShouldBe(bytes.All(c => c is >= ' ' and <= '~'));
    }
}
