using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests;

public sealed class IpAddressTests
{
    [Theory]
    [InlineData("10.1.2.3", true, false, false)]
    [InlineData("127.9.9.9", true, true, false)]
    [InlineData("::ffff:127.0.0.1", true, true, false)]
    [InlineData("0.0.0.0", true, false, true)]
    [InlineData("::1", false, true, false)]
    [InlineData("::", false, false, true)]
    [InlineData("2001:db8::1", false, false, false)]
    public void An_address_knows_its_kind(string text, bool ipv4, bool loopback, bool unspecified)
    {
        var address = IpAddress.Parse(text);

        (address.IsIPv4, address.IsLoopback, address.IsUnspecified).ShouldBe((ipv4, loopback, unspecified));
    }

    [Theory]
    [InlineData("10.1.2.3", "10.1.2.3")]
    [InlineData("::ffff:10.1.2.3", "10.1.2.3")]
    [InlineData("2001:DB8:0::1", "2001:db8::1")]
    public void An_address_is_written_in_its_shortest_form(string text, string expected) =>
        IpAddress.Parse(text).ToString().ShouldBe(expected);
}
