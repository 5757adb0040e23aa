using System.Globalization;
using System.Text;

namespace EbpfActors.Probes.Net.Http;

/// <summary>A path as text: control characters and bytes that are no UTF-8 are written as <c>%XX</c>, as a client should have sent them.</summary>
internal static class PathText
{
    /// <summary>Whether the bytes stand for themselves.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> path) => !path.ContainsAnyExceptInRange((byte)' ', (byte)'~');

    public static string Of(ReadOnlySpan<byte> path)
    {
        var text = new StringBuilder(path.Length);
        while (!path.IsEmpty)
        {
            var isCharacter = Rune.DecodeFromUtf8(path, out var rune, out var length) == System.Buffers.OperationStatus.Done;
            if (isCharacter && !Rune.IsControl(rune))
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (var one in path[..length])
                {
                    text.Append(CultureInfo.InvariantCulture, $"%{one:X2}");
                }
            }

            path = path[length..];
        }

        return text.ToString();
    }
}
