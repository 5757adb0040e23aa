namespace EbpfActors.Agent.Configuration;

/// <summary>The kinds of places where points go.</summary>
public enum OutputKind
{
    /// <summary>DataKit's HTTP API, with the spool behind it.</summary>
    DataKit,

    /// <summary>Line protocol on standard output.</summary>
    Stdout,

    /// <summary>A table on the terminal.</summary>
    Table,

    /// <summary>Line protocol appended to a file.</summary>
    File,
}
