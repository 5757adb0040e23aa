using System.Text.Unicode;

namespace EbpfActors.Actors.Bash;

/// <summary>
/// Keeps a line within its number of bytes. Behind the redaction: a mask may be longer than the secret, and what tells a secret may stand
/// where the line is cut.
/// </summary>
internal static class CommandCut
{
    /// <summary>No more than <paramref name="most"/> bytes of UTF-8, cut between characters; the same string when it has no more.</summary>
    public static string Of(string text, int most)
    {
        var room = new byte[Math.Min(most, 3 * text.Length)];
        Utf8.FromUtf16(text, room, out var kept, out _);
        return kept == text.Length ? text : text[..kept];
    }
}
