using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Supervision;

namespace EbpfActors.Actors.Outputs;

/// <summary>
/// Writes points as lines to standard output or to a file. Writing happens off the dispatcher, one batch at a time; what
/// cannot be written, or waits behind too much, is counted and dropped.
/// </summary>
public sealed class LineOutput : UntypedActor
{
    /// <summary>Lines that wait for a slow reader at most; about 60 MB.</summary>
    internal const int MostWaiting = 100_000;

    private readonly string _name;
    private readonly LineSink _sink;
    private readonly LedgerStage _stage;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Queue<WritePoints> _queue = new();
    private int _waiting;
    private bool _isWriting;
    private bool _failing;
    private IActorRef? _closer;

    public LineOutput(string name, Func<LineSink> open, FlowLedger ledger)
    {
        _name = name;
        _sink = open();
        _stage = ledger.Stage("output " + name, "points");
    }

    public static PluginSpec Stdout(FlowLedger ledger) => new("stdout", Props("stdout", LineSink.Stdout, ledger));

    /// <summary>The <paramref name="number"/> keeps two files apart in the tree.</summary>
    public static PluginSpec File(string path, int number, FlowLedger ledger) =>
        new($"file-{number}", Props("file:" + path, () => LineSink.File(path), ledger));

    internal static Props Props(string name, Func<LineSink> open, FlowLedger ledger) =>
        Akka.Actor.Props.Create(() => new LineOutput(name, open, ledger));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case WritePoints points: Enqueue(points); break;
            case LinesWritten written: OnWritten(written.Lines); break;
            case LinesNotWritten failed: OnNotWritten(failed); break;
            case CloseOutput: Close(); break;
            case FlushedFlows: break;
            default: Unhandled(message); break;
        }
    }

    /// <summary>Nothing is written, so that a file that cannot be opened is reported now and not after the first flush.</summary>
    protected override void PreStart() => Write([]);

    protected override void PostStop()
    {
        _stage.Lost("output-stopped", _waiting);
        _sink.Dispose();
    }

    private void Enqueue(WritePoints points)
    {
        var lines = points.Lines.Length;
        _stage.In(lines);
        if (_waiting > 0 && _waiting + lines > MostWaiting)
        {
            _stage.Lost("output-slow", lines);
            return;
        }

        _waiting += lines;
        _queue.Enqueue(points);
        WriteNext();
    }

    private void WriteNext()
    {
        if (_isWriting)
        {
            return;
        }

        if (_queue.TryDequeue(out var points))
        {
            Write(points.Lines);
            return;
        }

        _closer?.Tell(OutputClosed.Instance);
        _closer = null;
    }

    private void Write(ImmutableArray<byte[]> lines)
    {
        _isWriting = true;
        var sink = _sink;
        Task.Run(() => sink.Write(lines)).PipeTo(
            Self,
            Self,
            success: () => new LinesWritten(lines.Length),
            failure: cause => new LinesNotWritten(lines.Length, cause));
    }

    private void OnWritten(int lines)
    {
        _stage.Out(lines);
        if (_failing)
        {
            _log.Info("Writing to {0} works again", _name);
        }

        _failing = false;
        Go(lines);
    }

    private void OnNotWritten(LinesNotWritten failed)
    {
        _stage.Lost("write-failed", failed.Lines);
        if (!_failing)
        {
            _log.Error("Writing to {0} fails, points are lost and counted until it works: {1}", _name, failed.Cause.GetBaseException().Message);
        }

        _failing = true;
        Go(failed.Lines);
    }

    private void Go(int lines)
    {
        _waiting -= lines;
        _isWriting = false;
        WriteNext();
    }

    private void Close()
    {
        _closer = Sender;
        WriteNext();
    }
}
