using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace EbpfActors.VerifierAccount;

/// <summary>
/// The part of libbpf that loads programs one by one and hands out what the verifier says of each, under its C names. The agent has
/// no use for it.
/// </summary>
internal static unsafe partial class LibBpf
{
    private const string Library = "libbpf.so.1";

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_object__open_mem(void* bytes, nuint size, void* options);

    [LibraryImport(Library)]
    internal static partial int bpf_object__load(nint obj);

    [LibraryImport(Library)]
    internal static partial void bpf_object__close(nint obj);

    /// <summary>The first one after null, null after the last one.</summary>
    [LibraryImport(Library)]
    internal static partial nint bpf_object__next_program(nint obj, nint previous);

    [LibraryImport(Library)]
    internal static partial byte* bpf_program__name(nint program);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_autoload(nint program, byte load);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_log_level(nint program, uint level);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_log_buf(nint program, byte* buffer, nuint size);

    [LibraryImport(Library)]
    internal static partial nint libbpf_set_print(delegate* unmanaged[Cdecl]<int, byte*, void*, int> print);

    [LibraryImport("libc")]
    internal static partial int vsnprintf(byte* buffer, nuint size, byte* format, void* arguments);
}
