using EbpfActors.Probes.Inspections;

namespace EbpfActors.Probes.Tests.Inspections;

/// <summary>Looks at once, on the thread that asks.</summary>
internal sealed class InlineInspector : IInspector
{
    /// <summary>Of each file.</summary>
    public long Bytes { get; init; } = 1L << 30;

    public bool IsIdle => true;

    public int Abandoned => 0;

    public bool Post(Inspection inspection)
    {
        using (inspection)
        {
            inspection.Done(Look(inspection));
        }

        return true;
    }

    private InspectionEnd Look(Inspection inspection)
    {
        try
        {
            inspection.Look(new ReadBudget(Bytes, TimeSpan.MaxValue));
            return InspectionEnd.Done;
        }
        catch (OverBudgetException)
        {
            return InspectionEnd.OverBudget;
        }
    }
}
