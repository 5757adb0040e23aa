using EbpfActors.Agent.Configuration.Values;

namespace EbpfActors.Agent.Configuration;

/// <summary>
/// How large tables may be in the memory that the agent's control group allows. What is beyond is left out and counted, as with any full
/// table; an agent that is killed for want of memory tells nothing.
/// </summary>
/// <param name="Limit">Bytes; <see cref="long.MaxValue"/> without one.</param>
internal readonly record struct MemoryBudget(long Limit)
{
    /// <summary>Runtime, programs, and tables of a fixed size.</summary>
    private const long Base = 125L << 20;

    /// <summary>A connection key: its aggregator, its entries in the kernel's tables, its share of a flush.</summary>
    private const long PerConnection = 2_560;

    private const int LeastConnections = 1_024;
    private const int RingBytes = 4 << 20;
    private const int SmallRingBytes = 1 << 20;
    private const int Sessions = 16_384;
    private const long Small = 256L << 20;

    public int Connections(int configured) => (int)Math.Min(configured, Math.Max(LeastConnections, (Limit - Base) / PerConnection));

    /// <summary>Of each of the rings between kernel and agent: a power of two.</summary>
    public int Ring => Limit < Small ? SmallRingBytes : RingBytes;

    public int TlsSessions => Limit < Small ? Sessions / 4 : Sessions;

    /// <summary>Null when the configuration has room.</summary>
    public string? Warning(int configured) => Connections(configured) is var most && most < configured
        ? $"max_connections is {most}, not {configured}: the control group allows {ByteSizes.Write(Limit)} of memory; what is beyond is left out and counted"
        : null;
}
