using EbpfActors.Probes.Native;

namespace EbpfActors.Probes.Bpf;

/// <summary>
/// A hash map read from user space, many elements a system call (Linux 5.6). An element that is added or removed meanwhile may be
/// missed or not; none is handed out twice in one read unless the map is resized, which BPF maps are not.
/// </summary>
internal sealed unsafe class BpfTable<TKey, TValue>(BpfMap map)
    where TKey : unmanaged
    where TValue : unmanaged
{
    private const int NoSpace = 28;
    private const int MostInBatch = 65536;

    /// <summary>Grows when one bucket has more.</summary>
    private TKey[] _keys = new TKey[512];
    private TValue[] _values = new TValue[512];

    internal delegate void Consumer(in TKey key, in TValue value);

    internal void Read(Consumer consume)
    {
        ulong at = 0;
        var isFirst = true;
        while (true)
        {
            var count = (uint)_keys.Length;
            ulong next = 0;
            int result;
            fixed (TKey* keys = _keys)
            fixed (TValue* values = _values)
            {
                result = LibBpf.bpf_map_lookup_batch(map.Fd, isFirst ? null : &at, &next, keys, values, &count, null);
            }

            if (result == -NoSpace && _keys.Length < MostInBatch)
            {
                (_keys, _values) = (new TKey[_keys.Length * 2], new TValue[_keys.Length * 2]);
                continue;
            }

            if (result is < 0 and not -Errno.NoEntry)
            {
                throw new BpfException("read a table in batches", -result);
            }

            for (var i = 0; i < count; i++)
            {
                consume(_keys[i], _values[i]);
            }

            if (result < 0)
            {
                return;
            }

            (at, isFirst) = (next, false);
        }
    }

    internal void Remove(TKey key) => map.Remove(key);
}
