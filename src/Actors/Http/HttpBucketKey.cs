using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Http;

/// <summary>What tells the httpflow points of one connection key apart.</summary>
public readonly record struct HttpBucketKey(string Method, string Path, ushort Status, string Version, bool IsTruncated)
{
    public static HttpBucketKey Of(in HttpExchange exchange) =>
        new(exchange.Method, exchange.Path, exchange.Status, exchange.Version, exchange.IsTruncated);

    /// <summary>Numbers first, then what differs most often.</summary>
    public bool Equals(HttpBucketKey other) =>
        Status == other.Status
        && IsTruncated == other.IsTruncated
        && string.Equals(Path, other.Path, StringComparison.Ordinal)
        && string.Equals(Method, other.Method, StringComparison.Ordinal)
        && string.Equals(Version, other.Version, StringComparison.Ordinal);

    /// <summary>By content: the same path may come as another string. Randomised, since peers choose what is hashed.</summary>
    public override int GetHashCode() => HashCode.Combine(
        string.GetHashCode(Path, StringComparison.Ordinal), string.GetHashCode(Method, StringComparison.Ordinal), Status);
}
