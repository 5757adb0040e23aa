using System.Runtime.InteropServices;

namespace EbpfActors.Probes.Native;

/// <summary>Owns a <c>struct ring_buffer</c>: the mapping of a ring and its epoll descriptor.</summary>
internal sealed class RingBufferHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    internal static RingBufferHandle Own(nint pointer)
    {
        var owned = new RingBufferHandle();
        owned.SetHandle(pointer);
        return owned;
    }

    protected override bool ReleaseHandle()
    {
        LibBpf.ring_buffer__free(handle);
        return true;
    }
}
