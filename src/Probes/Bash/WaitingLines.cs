namespace EbpfActors.Probes.Bash;

/// <summary>Lines of programs that are being looked into. Bounded; not thread-safe.</summary>
internal sealed class WaitingLines(BashLosses losses)
{
    private const int Most = 2048;

    private readonly List<(BashLine Line, byte[] Text)> _lines = [];

    public delegate bool Consumer(in BashLine line, ReadOnlySpan<byte> text);

    public void Add(in BashLine line, ReadOnlySpan<byte> text)
    {
        if (_lines.Count >= Most)
        {
            losses.CountLineWaiting();
        }
        else
        {
            _lines.Add((line, text.ToArray()));
        }
    }

    /// <summary>Hands out each, in their order; those stay for which the answer is false.</summary>
    public void TryEach(Consumer take) => _lines.RemoveAll(waiting => take(waiting.Line, waiting.Text));
}
