using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Native;

/// <summary>A classic BPF program in front of a socket: what it drops costs the reader nothing. Words are read as big-endian.</summary>
internal static unsafe class SocketFilter
{
    private const int SocketLevel = 1;
    private const int AttachFilter = 26;

    /// <exception cref="BpfException">The kernel refuses the program.</exception>
    internal static void Attach(SafeFileHandle socket, params ReadOnlySpan<Step> steps)
    {
        fixed (Step* first = steps)
        {
            var program = new Program { Length = (ushort)steps.Length, Steps = first };
            if (LibC.setsockopt(socket, SocketLevel, AttachFilter, &program, (uint)sizeof(Program)) < 0)
            {
                throw new BpfException("filter a netlink socket", Marshal.GetLastPInvokeError());
            }
        }
    }

    /// <summary>struct sock_filter.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly struct Step(ushort code, byte ifTrue, byte ifFalse, uint k)
    {
        public readonly ushort Code = code;
        public readonly byte IfTrue = ifTrue;
        public readonly byte IfFalse = ifFalse;
        public readonly uint K = k;
    }

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public ushort Length;
        public Step* Steps;
    }
}
