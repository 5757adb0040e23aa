using System.Runtime.CompilerServices;
using EbpfActors.Probes;
using EbpfActors.Probes.Bash;
using EbpfActors.Probes.Bpf;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Bash;

/// <summary>The real probe on the real kernel, read by a thread of its own as in the agent, with every command kept.</summary>
internal sealed class CommandRecorder : IBashSink, IDisposable
{
    // Longer than anything is waited for: what comes in time has woken the reader.
    private static readonly TimeSpan WaitAtMost = 2 * Eventually.Patience;

    private readonly BashProbe _probe;
    private readonly Thread _thread;
    private readonly List<ShellCommand> _commands = [];
    private readonly TaskCompletionSource _attached = new();
    private readonly ManualResetEventSlim _mayRead;
    private volatile bool _stop;

    /// <param name="options">As of the agent.</param>
    /// <param name="isBusy">Reads nothing until <see cref="Read"/>.</param>
    /// <param name="open">Opens the object that the probe loads.</param>
    /// <param name="before">Runs first on the probe's thread, which makes the probe's other threads.</param>
    public CommandRecorder(BashProbeOptions? options = null, bool isBusy = false, Func<BpfObject>? open = null, Action? before = null)
    {
        _probe = new BashProbe(options ?? new BashProbeOptions(), open ?? (() => BpfObject.Open("bash")));
        _mayRead = new ManualResetEventSlim(!isBusy);
        _thread = new Thread(() => Run(before)) { IsBackground = true };
        _thread.Start();
        _attached.Task.Wait();
    }

    public IReadOnlyList<HookStatus> Hooks => _probe.Hooks;

    public ProbeCounters Counters => _probe.Counters();

    public void Read() => _mayRead.Set();

    public IReadOnlyList<ShellCommand> Of(uint pid)
    {
        lock (_commands)
        {
            return [.. _commands.Where(c => c.Pid == pid)];
        }
    }

    /// <summary>
    /// Exactly the texts that a shell should have got. The probe's losses are only told with a failure: it hears every shell of the host,
    /// and what it lost of this one is missing here.
    /// </summary>
    public void ShouldHave(uint pid, params string[] texts)
    {
        Until(() => Of(pid).Count >= texts.Length, $"{texts.Length} lines of {pid}");
        Of(pid).Select(c => c.Text).ShouldBe(texts, Seen());
    }

    public void Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Eventually.Holds(condition, Seen, what: what);

    public void Dispose()
    {
        _stop = true;
        _mayRead.Set();
        _probe.Wake();
        _thread.Join();
        _probe.Dispose();
        _mayRead.Dispose();
    }

    void IBashSink.Typed(in ShellCommand command)
    {
        lock (_commands)
        {
            _commands.Add(command);
        }
    }

    private string Seen()
    {
        lock (_commands)
        {
            return string.Join('\n', [$"{_commands.Count} commands, the last of them", .. _commands.TakeLast(10), .. Counters.Losses.Cast<object>(), .. Hooks]);
        }
    }

    private void Run(Action? before)
    {
        try
        {
            before?.Invoke();
            _probe.Attach();
            _attached.SetResult();
        }
        catch (BpfException e)
        {
            _attached.SetException(e);
            return;
        }

        _mayRead.Wait();
        while (!_stop)
        {
            _probe.Wait(WaitAtMost);
            _probe.Drain(this);
        }
    }
}
