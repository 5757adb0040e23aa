using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Native;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Refusals;

/// <summary>
/// Stands for a kernel that does not take one program of an object: its type is one that no kernel has, so that the load ends with
/// EINVAL and libbpf names the program, as it does when a verifier refuses it. Works as long as the object is not loaded.
/// </summary>
internal static partial class SpoiledProgram
{
    private const int NoType = 0x7fff;

    /// <summary>Opens an embedded object whose programs of these names the kernel will refuse.</summary>
    public static BpfObject Open(string name, params ReadOnlySpan<string> programs)
    {
        var bpf = BpfObject.Open(name);
        foreach (var program in programs)
        {
            Spoil(bpf, program);
        }

        return bpf;
    }

    /// <summary>The kernel will refuse this program of an object that was opened and not loaded.</summary>
    public static void Spoil(BpfObject bpf, string program)
    {
        var found = LibBpf.bpf_object__find_program_by_name(bpf.Handle, program);
        found.ShouldNotBe(0, $"there is no program {program}");
        bpf_program__set_type(found, NoType).ShouldBe(0);
    }

    /// <summary>0 or a negative errno.</summary>
    [LibraryImport(LibBpf.Library)]
    private static partial int bpf_program__set_type(nint program, int type);
}
