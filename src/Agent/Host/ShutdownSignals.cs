using System.Runtime.InteropServices;

namespace EbpfActors.Agent.Host;

/// <summary>Turns SIGTERM and SIGINT into a cancellation, and SIGHUP into a call; the process does not die of them.</summary>
public sealed class ShutdownSignals : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly PosixSignalRegistration[] _registrations;

    /// <param name="onHangup">Must not block: the handlers of later signals wait for a thread.</param>
    /// <param name="cancellation">As good as SIGTERM.</param>
    public ShutdownSignals(Action onHangup, CancellationToken cancellation = default)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
            {
                context.Cancel = true;
                onHangup();
            }),
        ];
    }

    public CancellationToken Stopping => _stop.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _stop.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        _stop.Cancel();
    }
}
