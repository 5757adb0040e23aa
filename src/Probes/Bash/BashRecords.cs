using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>A program's file as the kernel keeps it, byte for byte <c>struct bash_file</c> of bpf/bash/bash_wire.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct BashFile
{
    internal ulong Ino;
    internal ulong Size;
    internal uint Dev;
    internal uint Generation;

    /// <summary>The kernel has a device's minor number in the lower 20 bits.</summary>
    internal readonly FileIdentity Identity => FileIdentity.Of(Dev >> 20, Dev & 0xfffff, Ino);
}

/// <summary>Where a process looks its user up, <c>struct bash_place</c>: nobody is in two that are equal at one time.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct BashPlace
{
    internal ulong RootIno;
    internal uint RootDev;
    internal uint Mounts;
    internal uint Users;
    internal uint Pad;
}

/// <summary>A process and its program, <c>struct bash_process</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BashProcess
{
    internal BashFile File;
    internal BashPlace Place;
    internal uint Tgid;
    internal uint Pad;
}

/// <summary>What the kernel side is told about a program that is bash, <c>struct bash_shell</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BashShell
{
    internal uint Owner;
    internal uint TellAll;
}

/// <summary>The head of a typed line, <c>struct bash_line</c>; the text follows in one of two sizes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BashLine
{
    internal const int ShortBytes = 336;
    internal const int LongBytes = 4184;

    internal ulong TimeNs;
    internal BashFile File;
    internal BashPlace Place;
    internal uint Tgid;
    internal uint Uid;
    internal uint Length;
    internal uint Owner;
    internal uint IsKnown;
    internal uint Pad;

    /// <summary>False for bytes that are not a line: another size, or a length beyond the text.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, out BashLine line, out ReadOnlySpan<byte> text)
    {
        line = default;
        text = default;
        if (bytes.Length is not (ShortBytes or LongBytes))
        {
            return false;
        }

        line = MemoryMarshal.Read<BashLine>(bytes);
        var room = bytes[Unsafe.SizeOf<BashLine>()..];
        if (line.Length >= (uint)room.Length)
        {
            return false;
        }

        text = room[..(int)line.Length];
        return true;
    }
}
