using EbpfActors.Probes.Elf;
using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>A search of one program for traces of TLS, linked in. Owns the open file.</summary>
internal sealed class TraceLook(IMappedFile file, Action<TraceLook, InspectionEnd> done) : Inspection
{
    /// <summary>Null when there are none.</summary>
    public string? What { get; private set; }

    public override void Look(ReadBudget budget) => What = ElfImage.Read(new BudgetedBytes(file, budget)) is { } image ? TlsTraces.Find(image) : null;

    public override void Done(InspectionEnd end) => done(this, end);

    public override void Dispose() => file.Dispose();
}
