using EbpfActors.Actors.Flows;
using EbpfActors.Probes;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Flows;

public sealed class AddressTypeTests
{
    [Theory]
    [InlineData("10.0.0.0", AddressType.Private)]
    [InlineData("10.255.255.255", AddressType.Private)]
    [InlineData("11.0.0.0", AddressType.Other)]
    [InlineData("172.15.255.255", AddressType.Other)]
    [InlineData("172.16.0.0", AddressType.Private)]
    [InlineData("172.31.255.255", AddressType.Private)]
    [InlineData("172.32.0.0", AddressType.Other)]
    [InlineData("192.168.0.1", AddressType.Private)]
    [InlineData("192.169.0.1", AddressType.Other)]
    [InlineData("127.255.0.1", AddressType.Loopback)]
    [InlineData("224.0.0.1", AddressType.Multicast)]
    [InlineData("239.255.255.255", AddressType.Multicast)]
    [InlineData("240.0.0.1", AddressType.Other)]
    [InlineData("255.255.255.255", AddressType.Other)]
    [InlineData("0.0.0.0", AddressType.Other)]
    [InlineData("169.254.1.1", AddressType.Other)]
    [InlineData("100.64.0.1", AddressType.Other)]
    [InlineData("::1", AddressType.Loopback)]
    [InlineData("::", AddressType.Other)]
    [InlineData("fc00::1", AddressType.Private)]
    [InlineData("fdff::1", AddressType.Private)]
    [InlineData("fe80::1", AddressType.Other)]
    [InlineData("ff02::1", AddressType.Multicast)]
    [InlineData("2001:db8::1", AddressType.Other)]
    public void An_address_has_the_type_of_the_reference(string address, string type) =>
        AddressType.Of(IpAddress.Parse(address)).ShouldBe(type);
}
