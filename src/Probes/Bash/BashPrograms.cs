using EbpfActors.Probes.Bpf;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// Owns the object <c>bash</c> as this kernel takes it. One that refuses the program of the breakpoints gets the others; then what is
/// typed into a new file's first shell before the file has its probe is missed.
/// </summary>
internal sealed class BashPrograms : IDisposable
{
    private readonly IDisposable? _ready;

    private BashPrograms(BpfObject loaded, IDisposable? ready, string withoutBreakpoints)
    {
        Object = loaded;
        _ready = ready;
        WithoutBreakpoints = withoutBreakpoints;
    }

    public BpfObject Object { get; }

    /// <summary>Why there are none; empty when there are.</summary>
    public string WithoutBreakpoints { get; }

    public HookStatus Breakpoints => WithoutBreakpoints.Length == 0
        ? new HookStatus("first lines", "hardware breakpoint", "")
        : new HookStatus("first lines", "", $"what is typed into a new bash before its file has a probe, some 20 ms, is missed: {WithoutBreakpoints}");

    /// <summary>Throws when the kernel refuses the others too.</summary>
    public static BashPrograms Load(Func<BpfObject> open)
    {
        if (Breakpoint.KeepReady() is not { } ready)
        {
            return new BashPrograms(LoadWithoutBreakpoints(open), ready: null, "the kernel gives no perf events");
        }

        var whole = open();
        try
        {
            whole.Load();
            return new BashPrograms(whole, ready, "");
        }
        catch (BpfException e)
        {
            whole.Dispose();
            ready.Dispose();
            return new BashPrograms(LoadWithoutBreakpoints(open), ready: null, e.Message);
        }
    }

    public void Dispose()
    {
        Object.Dispose();
        _ready?.Dispose();
    }

    private static BpfObject LoadWithoutBreakpoints(Func<BpfObject> open)
    {
        var rest = open();
        try
        {
            rest.Skip(FirstLines.Program);
            rest.Load();
            return rest;
        }
        catch (BpfException)
        {
            rest.Dispose();
            throw;
        }
    }
}
