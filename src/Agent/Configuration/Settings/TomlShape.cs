namespace EbpfActors.Agent.Configuration.Settings;

/// <summary>The shapes a value can have in a file.</summary>
internal enum TomlShape
{
    Text,
    Boolean,
    Integer,
    Float,
    List,

    /// <summary>A list that holds something else than strings.</summary>
    MixedList,
    Table,
    Other,

    /// <summary>Only for settings: every shape will do.</summary>
    Any,
}
