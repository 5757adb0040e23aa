namespace EbpfActors.Probes.Bash;

/// <summary>Receives what was typed, on the thread that drains the probe. Must not throw.</summary>
public interface IBashSink
{
    void Typed(in ShellCommand command);
}

/// <summary>
/// The command lines of every interactive bash of this host. One thread owns an instance from <see cref="Attach"/> on.
/// Methods throw <see cref="BpfException"/> when the kernel refuses.
/// </summary>
public interface IBashProbe : IDisposable
{
    /// <summary>Loads, attaches to every bash that runs, and watches for further ones.</summary>
    IReadOnlyList<HookStatus> Attach();

    /// <summary>Blocks until something waits, <paramref name="timeout"/> passes or <see cref="Wake"/> is called.</summary>
    void Wait(TimeSpan timeout);

    /// <summary>Ends a <see cref="Wait"/> from any thread.</summary>
    void Wake();

    /// <summary>Hands out what was typed and attaches to programs that turned up; looks at all processes now and then.</summary>
    void Drain(IBashSink sink);

    /// <summary>What is attached now; callable from any thread.</summary>
    IReadOnlyList<HookStatus> Hooks { get; }

    /// <summary>Counters of the kernel side and of the decoder; callable from any thread.</summary>
    ProbeCounters Counters();
}
