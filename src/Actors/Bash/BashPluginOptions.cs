using EbpfActors.Actors.Bash.Redaction;
using EbpfActors.Actors.Flows;
using EbpfActors.Probes.Bash;

namespace EbpfActors.Actors.Bash;

/// <summary>How the bash probe is made and read, and what becomes of the command lines.</summary>
public sealed record BashPluginOptions
{
    /// <summary>Makes a probe that is not attached; called once for every start.</summary>
    public required Func<IBashProbe> Create { get; init; }

    public required PointIdentity Identity { get; init; }

    /// <summary>How often points leave at the latest.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>So many points leave at once.</summary>
    public int CacheSize { get; init; } = 128;

    /// <summary>Bytes of a line at most once its secrets are hidden; a longer one is cut and marked.</summary>
    public int CommandLength { get; init; } = 4096;

    /// <summary>Makes what takes the secrets out; called once for every start.</summary>
    public Func<Redactor> Redactor { get; init; } = () => new SecretRedactor(RedactionOptions.Default).Redact;

    /// <summary>Batches under way at most; with none left the reader stops draining and the kernel's ring counts the loss.</summary>
    public int Credits { get; init; } = 8;

    /// <summary>The longest wait for the kernel; a command or a stop ends it early.</summary>
    public TimeSpan WaitAtMost { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a stop waits for the reader to come back from the kernel.</summary>
    public TimeSpan StopDeadline { get; init; } = TimeSpan.FromMilliseconds(700);

    /// <summary>For the local time in a message.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
