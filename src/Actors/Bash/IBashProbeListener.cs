using EbpfActors.Probes;

namespace EbpfActors.Actors.Bash;

/// <summary>Hears the reader's thread; every call comes from it.</summary>
internal interface IBashProbeListener
{
    void Attached(IReadOnlyList<HookStatus> hooks);

    /// <summary>The listener owns the batch.</summary>
    void Read(CommandBatch batch);

    /// <summary>Everything that was typed before the request has been handed over.</summary>
    void Drained();

    /// <summary>The thread has ended.</summary>
    void Failed(Exception cause);
}
