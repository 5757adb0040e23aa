namespace EbpfActors.Probes.Inspections;

/// <summary>Two that look into files: one that is quick and reads little, and one for what takes longer.</summary>
internal sealed record Inspectors(IInspector Quick, IInspector Thorough);
