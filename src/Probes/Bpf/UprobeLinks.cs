using System.Runtime.InteropServices;
using System.Text;
using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Bpf;

/// <summary>
/// Links of one program to many places of a file (Linux 6.6): made and removed at once, where single uprobes take a tenth of a second
/// each to remove. libbpf 1.1 does not know them.
/// </summary>
internal static unsafe class UprobeLinks
{
    /// <summary>BPF_TRACE_UPROBE_MULTI.</summary>
    internal const int AttachType = 48;

    private const int LinkCreate = 28; // BPF_LINK_CREATE
    private const int BadFile = 9; // EBADF

    /// <summary>Whether this kernel has them: one that has looks at the path, and a folder is none.</summary>
    internal static bool AreSupported(BpfObject obj, string program)
    {
        ulong offset = 0, cookie = 0;
        return Create(obj.ProgramFd(program), "/", new(ref offset), new(ref cookie), isReturn: false) < 0 && Marshal.GetLastPInvokeError() == BadFile;
    }

    /// <summary>As <see cref="AreSupported"/>, with the reason.</summary>
    /// <exception cref="BpfException">This kernel does not have them (EINVAL), or this process may not use them.</exception>
    internal static void Require(BpfObject obj, string program)
    {
        if (!AreSupported(obj, program))
        {
            throw new BpfException($"link {program} to many places", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>A cookie per place says which it is. The link lives as long as the descriptor.</summary>
    internal static SafeFileHandle Attach(
        BpfObject obj, string program, string path, ReadOnlySpan<ulong> offsets, ReadOnlySpan<ulong> cookies, bool isReturn)
    {
        var fd = Create(obj.ProgramFd(program), path, offsets, cookies, isReturn);
        return DescriptorReserve.Own(fd, $"attach {program} to {offsets.Length} places of {path}");
    }

    private static int Create(int program, string path, ReadOnlySpan<ulong> offsets, ReadOnlySpan<ulong> cookies, bool isReturn)
    {
        fixed (byte* file = Encoding.UTF8.GetBytes(path + "\0"))
        fixed (ulong* places = offsets)
        fixed (ulong* values = cookies)
        {
            var link = new LinkAttributes
            {
                Program = program,
                AttachType = AttachType,
                Path = file,
                Offsets = places,
                Cookies = values,
                Count = (uint)offsets.Length,
                Flags = isReturn ? 1u : 0u,
            };
            return LibC.Bpf(LinkCreate, &link, sizeof(LinkAttributes));
        }
    }

    /// <summary>union bpf_attr, link_create with uprobe_multi.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct LinkAttributes
    {
        internal int Program;
        internal int Target;
        internal int AttachType;
        internal uint LinkFlags;
        internal byte* Path;
        internal ulong* Offsets;
        internal ulong* References;
        internal ulong* Cookies;
        internal uint Count;
        internal uint Flags;
        internal uint Pid;
        internal uint Pad;
    }
}
