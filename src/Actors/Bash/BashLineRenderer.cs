using System.Globalization;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.LineProtocol;
using EbpfActors.Probes.Bash;

namespace EbpfActors.Actors.Bash;

/// <summary>Writes the points of the measurement <c>bash</c>. There is no tag <c>source</c>: DataKit takes it from logs.</summary>
public sealed class BashLineRenderer
{
    public const string Measurement = "bash";

    private readonly LineCuts _cuts;
    private readonly TimeZoneInfo _zone;
    private readonly PointTags _prefix;

    public BashLineRenderer(PointIdentity identity, LineCuts cuts, TimeZoneInfo zone)
    {
        (_cuts, _zone) = (cuts, zone);
        var tags = new TagSet(cuts).Set("host", identity.Host).Set("service", identity.Service);
        foreach (var (name, value) in identity.On(Measurement).UserTags)
        {
            tags.SetGlobal(name, value);
        }

        _prefix = tags.Build(Measurement);
    }

    /// <summary>The whole line without the newline. The text is written as it is: secrets have been taken out before.</summary>
    public byte[] Line(in ShellCommand command, string text)
    {
        var pid = command.Pid.ToString(CultureInfo.InvariantCulture);
        using var line = new LineBuilder(_prefix, _cuts);
        line.Field("cmd", text);
        line.Field("message", $"{LocalTime(command.UnixNanoseconds)} pid:`{pid}` user:`{command.User}` cmd:`{text}`");
        line.Field("pid", pid);
        if (command.IsCut)
        {
            line.Field("truncated", true);
        }

        line.Field("user", command.User);
        return line.Build(command.UnixNanoseconds);
    }

    /// <summary>RFC 3339 to the second, with Z where local time is UTC.</summary>
    private string LocalTime(long unixNanoseconds)
    {
        var time = TimeZoneInfo.ConvertTime(DateTimeOffset.UnixEpoch.AddTicks(unixNanoseconds / TimeSpan.NanosecondsPerTick), _zone);
        return time.ToString(time.Offset == TimeSpan.Zero ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
    }
}
