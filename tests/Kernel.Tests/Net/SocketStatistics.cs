using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>What <c>ss -tin</c> says about one TCP socket: the kernel's own word, by another way than ours.</summary>
internal sealed partial record SocketStatistics(double RttMilliseconds, double RttVarMilliseconds, long Retransmits, long BytesReceived)
{
    public static SocketStatistics Of(Socket socket, NetworkNamespace? space = null)
    {
        var filter = $"-Htin sport = :{TcpExchange.Port(socket)}";
        var text = space?.Exec("ss", filter) ?? Shell.Run("ss", filter);
        var rtt = Rtt().Match(text);
        return new SocketStatistics(
            double.Parse(rtt.Groups[1].Value, CultureInfo.InvariantCulture),
            double.Parse(rtt.Groups[2].Value, CultureInfo.InvariantCulture),
            Number(Retrans().Match(text)),
            Number(Received().Match(text)));
    }

    private static long Number(Match match) => match.Success ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"\brtt:([\d.]+)/([\d.]+)")]
    private static partial Regex Rtt();

    [GeneratedRegex(@"\bretrans:\d+/(\d+)")]
    private static partial Regex Retrans();

    [GeneratedRegex(@"\bbytes_received:(\d+)")]
    private static partial Regex Received();
}
