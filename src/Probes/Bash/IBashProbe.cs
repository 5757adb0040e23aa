namespace EbpfActors.Probes.Bash;

/// <summary>Receives what was typed, on the thread that drains the probe. Must not throw.</summary>
public interface IBashSink
{
    void Typed(in ShellCommand command);
}

/// <summary>
/// The command lines of every interactive bash of this host: attaching attaches to every one that runs, and watches for further
/// ones.
/// </summary>
public interface IBashProbe : IProbe
{
    /// <summary>Blocks until something waits, <paramref name="timeout"/> passes or the probe is woken.</summary>
    void Wait(TimeSpan timeout);

    /// <summary>Hands out what was typed and attaches to programs that turned up; looks at all processes now and then.</summary>
    void Drain(IBashSink sink);

    /// <summary>What is attached now; callable from any thread.</summary>
    IReadOnlyList<HookStatus> Hooks { get; }
}
