using EbpfActors.Probes;

namespace EbpfActors.Actors.Flows;

/// <summary>The words of the tags <c>src_ip_type</c> and <c>dst_ip_type</c>.</summary>
public static class AddressType
{
    public const string Private = "private";
    public const string Loopback = "loopback";
    public const string Multicast = "multicast";

    /// <summary>Everything else, link-local, shared (CGNAT), unspecified and broadcast included.</summary>
    public const string Other = "other";

    public static string Of(IpAddress address) =>
        IsPrivate(address) ? Private
        : address.IsLoopback ? Loopback
        : IsMulticast(address) ? Multicast
        : Other;

    private static bool IsPrivate(IpAddress address) => address.IsIPv4
        ? address.IPv4 >> 24 == 10 || address.IPv4 >> 20 == 0xAC1 || address.IPv4 >> 16 == 0xC0A8
        : address.High >> 57 == 0xFC >> 1;

    private static bool IsMulticast(IpAddress address) => address.IsIPv4
        ? address.IPv4 >> 28 == 0xE
        : address.High >> 56 == 0xFF;
}
