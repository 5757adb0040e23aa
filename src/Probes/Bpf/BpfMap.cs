using EbpfActors.Probes.Native;

namespace EbpfActors.Probes.Bpf;

/// <summary>A map of a loaded object, which owns the descriptor: not to be used after the object is closed.</summary>
internal sealed unsafe class BpfMap(int fd, string name)
{
    private static readonly Lazy<int> Cpus = new(CountCpus);

    internal int Fd { get; } = fd;

    /// <summary>Reads an element of an array map.</summary>
    internal T Read<T>(uint index)
        where T : unmanaged
    {
        T value = default;
        Check(LibBpf.bpf_map_lookup_elem(Fd, &index, &value), "read");
        return value;
    }

    /// <summary>Writes an element of an array map.</summary>
    internal void Write<T>(uint index, T value)
        where T : unmanaged => Check(LibBpf.bpf_map_update_elem(Fd, &index, &value, 0), "write");

    /// <summary>Sets the element of a hash.</summary>
    internal void Put<TKey, TValue>(TKey key, TValue value)
        where TKey : unmanaged
        where TValue : unmanaged => Check(LibBpf.bpf_map_update_elem(Fd, &key, &value, 0), "write");

    /// <summary>Removes the element of a hash, if it is there.</summary>
    internal void Remove<TKey>(TKey key)
        where TKey : unmanaged
    {
        if (LibBpf.bpf_map_delete_elem(Fd, &key) is var result and < 0 and not -Errno.NoEntry)
        {
            Check(result, "write");
        }
    }

    /// <summary>Reads every CPU's copy of an element of a per-CPU array. The size of <typeparamref name="T"/> is a multiple of 8.</summary>
    internal T[] ReadPerCpu<T>(uint index)
        where T : unmanaged
    {
        var values = new T[Cpus.Value];
        fixed (T* buffer = values)
        {
            Check(LibBpf.bpf_map_lookup_elem(Fd, &index, buffer), "read");
        }

        return values;
    }

    private static int CountCpus()
    {
        var count = LibBpf.libbpf_num_possible_cpus();
        return count > 0 ? count : throw new BpfException("count the CPUs", -count);
    }

    private void Check(int result, string verb)
    {
        if (result < 0)
        {
            throw new BpfException($"{verb} {name}", -result);
        }
    }

    /// <summary>Whether the kernel lets this process make a map. Makes the smallest there is, and lets go of it.</summary>
    internal static unsafe bool CanBeMade()
    {
        // union bpf_attr for BPF_MAP_CREATE: kind, bytes of a key, bytes of a value, entries.
        var attributes = stackalloc uint[] { 2 /* BPF_MAP_TYPE_ARRAY */, sizeof(uint), sizeof(uint), 1 };
        var fd = Native.LibC.Bpf(0 /* BPF_MAP_CREATE */, attributes, 4 * sizeof(uint));
        new Microsoft.Win32.SafeHandles.SafeFileHandle(fd, ownsHandle: true).Dispose();
        return fd >= 0;
    }
}
