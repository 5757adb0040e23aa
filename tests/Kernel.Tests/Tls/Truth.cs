using System.Globalization;
using System.Text.RegularExpressions;
using EbpfActors.Probes.Net;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>Requests whose path names the client's port, <c>/p40001-7</c>, so that every exchange says itself whose it must be.</summary>
internal static partial class Truth
{
    public static bool HasPort(this HttpExchange exchange) => Told().IsMatch(exchange.Path);

    public static bool IsClients(this HttpExchange exchange) => exchange.Flow.Direction == Direction.Outgoing;

    /// <summary>Every exchange is on the connection that its path names, from whichever side it was seen.</summary>
    public static void ShouldBeOnTheirConnections(this IEnumerable<HttpExchange> exchanges, int serverPort)
    {
        foreach (var exchange in exchanges.Where(HasPort))
        {
            var port = int.Parse(Told().Match(exchange.Path).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            var (client, server) = exchange.IsClients()
                ? (exchange.Flow.SourcePort, exchange.Flow.DestinationPort)
                : (exchange.Flow.DestinationPort, exchange.Flow.SourcePort);
            ((int)client, (int)server).ShouldBe((port, serverPort), exchange.ToString());
        }
    }

    [GeneratedRegex("^/p([0-9]+)-[0-9]+$")]
    private static partial Regex Told();
}
