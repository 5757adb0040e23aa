using System.Net;
using EbpfActors.Kernel.Tests.Traffic;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>
/// Inside of a host a packet is as large as the device allows, and one of IPv6 that is larger than 64 KiB says so in an extension
/// header, behind which TCP begins (BIG TCP).
/// </summary>
public sealed class HttpBigPacketTests(HttpHost host) : IClassFixture<HttpHost>
{
    private const int Large = 3_000_000;
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    [Theory]
    [InlineData("::1")]
    [InlineData("127.0.0.1")]
    public void Bodies_in_packets_of_more_than_64_KiB_are_exact_to_the_byte(string address)
    {
        using var space = new NetworkNamespace();
        space.Exec("ip", "link set lo gso_max_size 185000 gro_max_size 185000");
        using var talk = space.Run(() => new HttpTalk(host, IPAddress.Parse(address)));
        var put = $"PUT /put HTTP/1.1\r\nContent-Length: {Large}\r\n\r\n";
        var get = $"HTTP/1.1 200 OK\r\nContent-Length: {Large}\r\n\r\n";
        for (var i = 0; i < 3; i++)
        {
            talk.Say(put);
            TcpExchange.Transfer(talk.Client, talk.Server, Large);
            talk.Answer(Ok).Say("GET /get HTTP/1.1\r\n\r\n").Answer(get);
            TcpExchange.Transfer(talk.Server, talk.Client, Large);
            talk.Say("GET /small HTTP/1.1\r\n\r\n").Answer(Ok);
        }

        Seen[] round =
        [
            new("PUT", "/put", 200, put.Length + Large, Ok.Length),
            new("GET", "/get", 200, 21, get.Length + Large),
            new("GET", "/small", 200, 23, Ok.Length),
        ];
        talk.ShouldBe([.. round, .. round, .. round]);
    }
}
