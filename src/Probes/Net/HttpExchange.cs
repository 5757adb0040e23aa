namespace EbpfActors.Probes.Net;

/// <summary>
/// One HTTP/1.x request and its response as one socket of this host saw them, or a later part of it. Bytes are those of the
/// messages, heads and bodies. Reported when both messages are over, or at the sweep after the response head was seen; then
/// what comes later is reported with <paramref name="Count"/> 0, for the same key.
/// </summary>
/// <param name="Flow">The socket. Incoming: it is the server's.</param>
/// <param name="Method">The request's method token.</param>
/// <param name="Path">The request's path without query, cut at the configured length.</param>
/// <param name="IsTruncated">The path was cut.</param>
/// <param name="Version"><c>1.0</c> or <c>1.1</c>, of the response.</param>
/// <param name="Status">The final status code, never 1xx except 101.</param>
/// <param name="Count">1, or 0 for a later part.</param>
/// <param name="BytesRead">Of the message that this socket received.</param>
/// <param name="BytesWritten">Of the message that this socket sent.</param>
/// <param name="LatencyNs">From the request's first byte to the response's first byte; 0 when <paramref name="Count"/> is 0.</param>
public readonly record struct HttpExchange(
    FlowIdentity Flow,
    string Method,
    string Path,
    bool IsTruncated,
    string Version,
    ushort Status,
    uint Count,
    ulong BytesRead,
    ulong BytesWritten,
    ulong LatencyNs);
