namespace EbpfActors.Agent.Configuration;

/// <summary>Where a value was given, in the words of whoever gave it.</summary>
public sealed record Source(SourceKind Kind, string Name, int? Line = null)
{
    public static readonly Source Default = new(SourceKind.Default, "");

    public override string ToString()
    {
        var place = Line is { } line ? $"{Name} (line {line})" : Name;
        return Kind switch
        {
            SourceKind.Flag => $"flag {place}",
            SourceKind.Environment => $"env {place}",
            SourceKind.Default => "default",
            _ => $"file {place}",
        };
    }
}
