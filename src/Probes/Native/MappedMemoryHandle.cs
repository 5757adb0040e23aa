using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Native;

/// <summary>Owns a shared, writable mapping of a descriptor.</summary>
internal sealed class MappedMemoryHandle() : SafeHandle(-1, ownsHandle: true)
{
    private nuint _length;

    public override bool IsInvalid => handle == -1;

    internal unsafe byte* Address => (byte*)handle;

    /// <exception cref="BpfException">The kernel refused.</exception>
    internal static MappedMemoryHandle Map(SafeFileHandle file, nuint length, string operation)
    {
        var mapped = new MappedMemoryHandle { _length = length };
        mapped.SetHandle(LibC.MapShared(file, length));
        return mapped.IsInvalid ? throw new BpfException(operation, Marshal.GetLastPInvokeError()) : mapped;
    }

    protected override bool ReleaseHandle() => LibC.munmap(handle, _length) == 0;
}
