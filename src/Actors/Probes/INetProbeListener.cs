using EbpfActors.Actors.Flows;
using EbpfActors.Probes;

namespace EbpfActors.Actors.Probes;

/// <summary>Hears the reader's thread; every call comes from it.</summary>
internal interface INetProbeListener
{
    void Attached(IReadOnlyList<HookStatus> hooks);

    /// <summary>The listener owns the batch.</summary>
    void Read(FlowBatch batch);

    void Swept(long flushId);

    void Noted(ProbeNote note);

    /// <summary>The thread has ended.</summary>
    void Failed(Exception cause);
}
