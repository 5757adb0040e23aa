namespace EbpfActors.Probes.Net.SockDiag;

/// <summary>The states of a TCP socket that are told apart, include/net/tcp_states.h.</summary>
internal static class TcpStates
{
    public const int Established = 1;
    public const int FinWait1 = 4;
    public const int FinWait2 = 5;
    public const int Close = 7;
    public const int CloseWait = 8;
    public const int LastAck = 9;
    public const int Listen = 10;
    public const int Closing = 11;

    /// <summary>As a set of bits: connections, from established on, that have a whole socket.</summary>
    public const uint Connected = (1 << Established) | (1 << FinWait1) | (1 << FinWait2) | (1 << CloseWait) | (1 << LastAck) | (1 << Closing);

    /// <summary>The peer's FIN was taken in; the kernel counts it as a byte received.</summary>
    public static bool HasPeerFin(int state) => state is CloseWait or LastAck or Closing;

    /// <summary>A FIN is in the send queue or was sent; it has a sequence number.</summary>
    public static bool HasFin(int state) => state is FinWait1 or FinWait2 or Closing or LastAck;
}
