using System.Runtime.InteropServices;

namespace EbpfActors.Probes.Native;

/// <summary>Owns a <c>struct bpf_link</c>: destroying it detaches the program.</summary>
internal sealed class BpfLinkHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    internal static BpfLinkHandle Own(nint pointer)
    {
        var owned = new BpfLinkHandle();
        owned.SetHandle(pointer);
        return owned;
    }

    protected override bool ReleaseHandle() => LibBpf.bpf_link__destroy(handle) == 0;
}
