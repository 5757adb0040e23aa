using System.Runtime.InteropServices;

namespace EbpfActors.Probes.Native;

/// <summary>Owns a <c>struct bpf_object</c>: closing it frees its maps and programs unless a link still holds them.</summary>
internal sealed class BpfObjectHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    internal static BpfObjectHandle Own(nint pointer)
    {
        var owned = new BpfObjectHandle();
        owned.SetHandle(pointer);
        return owned;
    }

    protected override bool ReleaseHandle()
    {
        LibBpf.bpf_object__close(handle);
        return true;
    }
}
