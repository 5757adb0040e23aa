using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace EbpfActors.Probes.Native;

/// <summary>
/// Keeps what libbpf prints while a call runs on this thread, so that an error can quote it. libbpf would write it to stderr.
/// </summary>
internal static unsafe class LibBpfLog
{
    private const int MaxChars = 2000;
    private const int LineBytes = 1024;

    [ThreadStatic]
    private static StringBuilder? _lines;

    /// <summary>Directs libbpf's output here; idempotent.</summary>
    internal static void Install() => LibBpf.libbpf_set_print(&Print);

    /// <summary>What was printed on this thread since the last call, the end of it when it is long (a verifier's log ends with the reason).</summary>
    internal static string Take()
    {
        if (_lines is not { Length: > 0 } lines)
        {
            return "";
        }

        var text = lines.ToString();
        lines.Clear();
        text = text.Trim().ReplaceLineEndings(" | ");
        return text.Length <= MaxChars ? text : "... " + text[^MaxChars..];
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Print(int level, byte* format, void* arguments)
    {
        const int Debug = 2;
        if (level >= Debug)
        {
            return 0;
        }

        var line = stackalloc byte[LineBytes];
        var length = LibC.vsnprintf(line, LineBytes, format, arguments);
        _lines ??= new StringBuilder();
        if (_lines.Length > 64 * MaxChars)
        {
            _lines.Remove(0, _lines.Length / 2);
        }

        _lines.Append(Encoding.UTF8.GetString(line, Math.Clamp(length, 0, LineBytes - 1)));
        return length;
    }
}
