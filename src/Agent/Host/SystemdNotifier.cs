using System.Net.Sockets;
using System.Text;
using EbpfActors.Actors.Outputs;

namespace EbpfActors.Agent.Host;

/// <summary>Tells systemd how the service is doing (sd_notify); does nothing when systemd did not start the process.</summary>
public sealed class SystemdNotifier : IDisposable
{
    private readonly Socket? _socket;

    /// <param name="address">Value of <c>NOTIFY_SOCKET</c>: a path, or a name that begins with @ for the abstract namespace.</param>
    public SystemdNotifier(string? address)
    {
        if (string.IsNullOrEmpty(address))
        {
            return;
        }

        try
        {
            _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            _socket.Connect(new UnixDomainSocketEndPoint(address[0] == '@' ? $"\0{address[1..]}" : address));
        }
        catch (SocketException)
        {
            // A supervisor that is not listening must not keep the agent from running.
            _socket?.Dispose();
            _socket = null;
        }
    }

    public static SystemdNotifier FromEnvironment() => new(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));

    public void Ready(string status) => Send($"READY=1\nSTATUS={SafeText.OneLine(status)}");

    public void Status(string status) => Send($"STATUS={SafeText.OneLine(status)}");

    public void Stopping() => Send("STOPPING=1");

    public void Dispose() => _socket?.Dispose();

    private void Send(string message)
    {
        try
        {
            _socket?.Send(Encoding.UTF8.GetBytes(message));
        }
        catch (SocketException)
        {
            // Losing a status line costs nothing.
        }
    }
}
