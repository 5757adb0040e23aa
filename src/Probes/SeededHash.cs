using System.Numerics;

namespace EbpfActors.Probes;

/// <summary>
/// Hash codes of what peers choose: addresses, ports, ids. The seed is secret to this process, so that nobody can make keys that collide.
/// </summary>
internal static class SeededHash
{
    private const ulong Prime = 0x9E3779B97F4A7C15;

    private static readonly ulong Seed = (ulong)Random.Shared.NextInt64();

    internal static int Of(in IpAddress local, in IpAddress remote, ulong ports)
    {
        var hash = (Seed ^ ports) * Prime;
        hash = (BitOperations.RotateLeft(hash, 32) ^ local.Low ^ local.High) * Prime;
        hash = (BitOperations.RotateLeft(hash, 32) ^ remote.Low ^ BitOperations.RotateLeft(remote.High, 32)) * Prime;
        return (int)(hash >> 32);
    }
}
