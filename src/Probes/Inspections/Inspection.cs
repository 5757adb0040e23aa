namespace EbpfActors.Probes.Inspections;

/// <summary>How a look ended.</summary>
internal enum InspectionEnd
{
    Done,

    /// <summary>The file cost more than one may.</summary>
    OverBudget,

    /// <summary>The file system does not answer. The look goes on, on a thread that is left to it, and nobody asks for its result.</summary>
    Hung,
}

internal static class InspectionEnds
{
    /// <summary>For people; null when the look came to its end.</summary>
    public static string? Problem(this InspectionEnd end) => end switch
    {
        InspectionEnd.OverBudget => "looking into it takes more than one file may cost",
        InspectionEnd.Hung => "its file system does not answer",
        _ => null,
    };
}

/// <summary>
/// One look into what a foreign process uses: opening, reading, stat. It runs on a thread that may be left alone with it, so
/// <see cref="Look"/> touches nothing but the inspection itself, which keeps the result.
/// </summary>
internal abstract class Inspection : IDisposable
{
    /// <summary>On the inspection thread. Reads no more than the budget allows; what it throws but <see cref="OverBudgetException"/> is for <see cref="Done"/>.</summary>
    public abstract void Look(ReadBudget budget);

    /// <summary>On the thread that asked for it, once, before it is disposed of. After <see cref="InspectionEnd.Hung"/> nothing that <see cref="Look"/> writes may be touched.</summary>
    public abstract void Done(InspectionEnd end);

    /// <summary>Releases what was opened; on either thread, after <see cref="Look"/>.</summary>
    public abstract void Dispose();
}

/// <summary>Has things looked into, in the order in which that was asked for. Belongs to one thread, which is given the results.</summary>
internal interface IInspector
{
    /// <summary>Nothing is looked into, and nothing waits for that or for <see cref="Inspection.Done"/>.</summary>
    bool IsIdle { get; }

    /// <summary>Threads that are left to file systems which do not answer.</summary>
    int Abandoned { get; }

    /// <summary>False when too many wait, or no thread is left: then it is disposed of and never <see cref="Inspection.Done"/>.</summary>
    bool Post(Inspection inspection);
}
