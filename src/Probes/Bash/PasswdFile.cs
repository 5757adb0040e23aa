using System.Globalization;
using System.Text;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>A file of <c>name:password:uid:...</c> lines as it was when it was read; or none.</summary>
internal sealed class PasswdFile
{
    private const int MostBytes = 1 << 20;
    private const int MostName = 256; // LOGIN_NAME_MAX
    private const int SizeOfEntry = 64;

    private readonly FileRevision? _revision;
    private readonly Dictionary<uint, string> _names;

    private PasswdFile(FileRevision? revision, Dictionary<uint, string> names) => (_revision, _names) = (revision, names);

    /// <summary>Some bytes of memory that the names take.</summary>
    public int Size => _names.Values.Sum(name => SizeOfEntry + 2 * name.Length);

    /// <param name="file">Null when there is none. What is no regular file has no names.</param>
    public static PasswdFile Read(OpenedFile? file)
    {
        if (file is not { IsRegular: true })
        {
            return new PasswdFile(file?.Revision, []);
        }

        var bytes = new byte[Math.Min(file.Length, MostBytes)];
        return new PasswdFile(file.Revision, Parse(bytes.AsSpan(0, file.Read(0, bytes))));
    }

    /// <summary>Login names by number; of several with one number the first, as the C library has it. Other lines are passed over.</summary>
    public static Dictionary<uint, string> Parse(ReadOnlySpan<byte> text)
    {
        var names = new Dictionary<uint, string>();
        foreach (var line in Encoding.UTF8.GetString(text).Split('\n'))
        {
            var fields = line.Split(':', 4);
            if (fields.Length == 4 && fields[0].Length is > 0 and <= MostName && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var uid))
            {
                names.TryAdd(uid, fields[0]);
            }
        }

        return names;
    }

    public string? Name(uint uid) => _names.GetValueOrDefault(uid);

    /// <summary>Accounts are added while the agent runs.</summary>
    public bool IsStill(OpenedFile? file) => file?.Revision == _revision;
}
