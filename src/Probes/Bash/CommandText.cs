using System.Text;

namespace EbpfActors.Probes.Bash;

/// <summary>Makes the bytes of a line into text.</summary>
internal static class CommandText
{
    /// <summary>What the kernel side keeps of a line.</summary>
    public const int MostBytes = 4096;

    /// <summary>No more than <paramref name="most"/> bytes of UTF-8, cut between characters.</summary>
    public static (string Text, bool IsCut) Of(ReadOnlySpan<byte> bytes, int most)
    {
        var isCut = bytes.Length > most;
        var length = isCut ? most : bytes.Length;
        while (isCut && length > 0 && (bytes[length] & 0xC0) == 0x80)
        {
            length--;
        }

        return (Encoding.UTF8.GetString(bytes[..length]), isCut);
    }
}
