namespace EbpfActors.Actors.LineProtocol;

/// <summary>
/// Measurement and tags of a point as the bytes that start its line: sorted, escaped, without empty values. Made once by
/// <see cref="TagSet"/> and shared by every point that carries them. Immutable.
/// </summary>
public sealed class PointTags
{
    private readonly byte[] _bytes;

    internal PointTags(byte[] bytes) => _bytes = bytes;

    public ReadOnlySpan<byte> Bytes => _bytes;
}
