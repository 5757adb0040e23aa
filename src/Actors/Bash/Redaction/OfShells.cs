namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>What is remembered of shells from one line to the next, of so many shells at most. Not thread-safe.</summary>
internal sealed class OfShells<T>(int most)
{
    private readonly Dictionary<uint, T> _kept = [];

    /// <summary>What was put for this shell; it is forgotten.</summary>
    public T? Take(uint shell) => _kept.Remove(shell, out var value) ? value : default;

    public void Put(uint shell, T value)
    {
        if (_kept.Count >= most && !_kept.ContainsKey(shell))
        {
            _kept.Remove(_kept.Keys.First());
        }

        _kept[shell] = value;
    }
}
