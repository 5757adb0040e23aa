using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace EbpfActors.Probes.Native;

/// <summary>
/// The part of libbpf (0.8 or newer) that this project calls, under its C names. Functions that return a pointer give null and set
/// errno when they fail; functions that return an int give 0 or more, or a negative errno. Called only by the wrappers in Bpf/.
/// </summary>
internal static unsafe partial class LibBpf
{
    internal const string Library = "libbpf.so.1";

    // Object

    /// <summary>Parses an object from memory, which libbpf copies. Null and errno when it is not one.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_object__open_mem(void* bytes, nuint size, OpenOptions* options);

    /// <summary>Creates the maps and verifies the programs; 0 or a negative errno.</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_object__load(BpfObjectHandle obj);

    [LibraryImport(Library)]
    internal static partial void bpf_object__close(nint obj);

    /// <summary>Borrowed; null when there is none of that name.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_program_by_name(BpfObjectHandle obj, string name);

    /// <summary>Borrowed; null when there is none of that name.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_map_by_name(BpfObjectHandle obj, string name);

    /// <summary>Borrowed; the first one behind null, null behind the last.</summary>
    [LibraryImport(Library)]
    internal static partial nint bpf_object__next_map(BpfObjectHandle obj, nint map);

    /// <summary>Borrowed; the first one behind null, null behind the last.</summary>
    [LibraryImport(Library)]
    internal static partial nint bpf_object__next_program(BpfObjectHandle obj, nint program);

    // Programs and links

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_autoload(nint program, [MarshalAs(UnmanagedType.U1)] bool load);

    /// <summary>Attaches by the program's section name; null and errno when refused.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach(nint program);

    /// <summary>Attaches to a cgroup2 directory next to what others attached there; null and errno when refused.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach_cgroup(nint program, int cgroup);

    /// <summary>Attaches at an offset in a file, for every process (<paramref name="pid"/> -1); null and errno when refused.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_program__attach_uprobe_opts(nint program, int pid, string path, nuint offset, UprobeOptions* options);

    /// <summary>Runs at each overflow of a perf event, whose descriptor the link takes over; null and errno when refused.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach_perf_event(nint program, int fd);

    /// <summary>Makes an iterator link; <paramref name="options"/> names the map for map iterators.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach_iter(nint program, IteratorOptions* options);

    /// <summary>Detaches and frees; 0 or a negative errno.</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_link__destroy(nint link);

    [LibraryImport(Library)]
    internal static partial int bpf_link__fd(BpfLinkHandle link);

    /// <summary>A file whose reading runs the iterator once; negative errno when refused.</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_iter_create(int link);

    /// <summary>Only before the object is loaded: an attach type that the section's name does not say. 0 or a negative errno.</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_program__set_expected_attach_type(nint program, int type);

    /// <summary>Of a loaded program, which keeps it; or a negative errno.</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_program__fd(nint program);

    // Maps

    /// <summary>Borrowed.</summary>
    [LibraryImport(Library)]
    internal static partial nint bpf_map__name(nint map);

    [LibraryImport(Library)]
    internal static partial int bpf_map__fd(nint map);

    /// <summary>Only before the object is loaded: uses a map that exists, whose descriptor is duplicated. 0 or a negative errno.</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_map__reuse_fd(nint map, int fd);

    /// <summary>Only before the object is loaded; 0 or a negative errno.</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_map__set_max_entries(nint map, uint entries);

    /// <summary>0 or a negative errno (-ENOENT: no such key).</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_map_lookup_elem(int map, void* key, void* value);

    /// <summary>0 or a negative errno.</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_map_update_elem(int map, void* key, void* value, ulong flags);

    /// <summary>0 or a negative errno (-ENOENT: no such key).</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_map_delete_elem(int map, void* key);

    /// <summary>
    /// Reads as many elements of a hash as fit, from where the last call ended; 0, or a negative errno: -ENOENT with the last ones,
    /// -ENOSPC when one bucket has more than fit.
    /// </summary>
    [LibraryImport(Library)]
    internal static partial int bpf_map_lookup_batch(int map, void* from, void* next, void* keys, void* values, uint* count, void* options);

    /// <summary>Number of CPUs that a per-CPU value has a copy for; negative errno when /sys is unreadable.</summary>
    [LibraryImport(Library)]
    internal static partial int libbpf_num_possible_cpus();

    /// <summary>Only before the object is loaded: the first value of a map of constants. 0 or a negative errno.</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_map__set_initial_value(nint map, void* data, nuint size);

    /// <summary>Runs a loaded program once, on this thread; 0 or a negative errno. What it returned is in the options.</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_prog_test_run_opts(int program, TestRunOptions* options);

    // Ring buffer

    /// <summary>Maps a ring; <paramref name="callback"/> is called for each record during consume. Null and errno when refused.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint ring_buffer__new(
        int map, delegate* unmanaged[Cdecl]<void*, void*, nuint, int> callback, void* context, void* options);

    /// <summary>Hands out what waits; the number of records, or a negative errno, or what the callback returned when negative.</summary>
    [LibraryImport(Library)]
    internal static partial int ring_buffer__consume(RingBufferHandle ring);

    [LibraryImport(Library)]
    internal static partial void ring_buffer__free(nint ring);

    // Log

    [LibraryImport(Library)]
    internal static partial nint libbpf_set_print(delegate* unmanaged[Cdecl]<int, byte*, void*, int> print);

    /// <summary>struct bpf_object_open_opts, as far as the name.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct OpenOptions
    {
        internal nuint Size;
        internal byte* ObjectName;
    }

    /// <summary>struct bpf_uprobe_opts, as far as libbpf 0.8 knows it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct UprobeOptions
    {
        internal nuint Size;
        internal nuint ReferenceCounterOffset;
        internal ulong Cookie;
        internal byte IsReturn;
        internal byte* FunctionName;
    }

    /// <summary>struct bpf_test_run_opts.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct TestRunOptions
    {
        internal nuint Size;
        internal byte* DataIn;
        internal byte* DataOut;
        internal uint DataInBytes;
        internal uint DataOutBytes;
        internal void* ContextIn;
        internal void* ContextOut;
        internal uint ContextInBytes;
        internal uint ContextOutBytes;
        internal uint Returned;
        internal int Repeat;
        internal uint DurationNs;
        internal uint Flags;
        internal uint Cpu;
        internal uint BatchSize;
    }

    /// <summary>struct bpf_iter_attach_opts.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct IteratorOptions
    {
        internal nuint Size;
        internal IteratorTarget* Target;
        internal uint TargetSize;
    }

    /// <summary>union bpf_iter_link_info, with the member for map iterators.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    internal struct IteratorTarget
    {
        internal int MapFd;
    }
}
