using System.Globalization;
using System.Text;

namespace EbpfActors.Probes.Bash;

/// <summary>Reads <c>name:password:uid:...</c> lines.</summary>
internal static class PasswdFile
{
    /// <summary>Login names by number; of several with one number the first, as the C library has it. Other lines are passed over.</summary>
    public static Dictionary<uint, string> Parse(ReadOnlySpan<byte> text)
    {
        var names = new Dictionary<uint, string>();
        foreach (var line in Encoding.UTF8.GetString(text).Split('\n'))
        {
            var fields = line.Split(':', 4);
            if (fields.Length == 4 && fields[0].Length > 0 && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var uid))
            {
                names.TryAdd(uid, fields[0]);
            }
        }

        return names;
    }
}
