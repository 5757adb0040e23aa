namespace EbpfActors.Probes;

/// <summary>What a probe learnt while it runs and a person should read in the log once.</summary>
public sealed record ProbeNote(bool IsWarning, string Text);
