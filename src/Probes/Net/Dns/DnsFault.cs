namespace EbpfActors.Probes.Net.Dns;

/// <summary>Why a message could not be read to its end.</summary>
internal enum DnsFault
{
    None,

    /// <summary>Shorter than a header.</summary>
    Header,

    /// <summary>It ends inside a name, a question or a record that its counts announce.</summary>
    Counts,

    /// <summary>A label of a kind that does not exist.</summary>
    Label,

    /// <summary>A compression pointer that does not lead back, or one of too many.</summary>
    Pointer,

    /// <summary>A name of more than 255 bytes.</summary>
    LongName,

    /// <summary>A record whose data has another length than its type.</summary>
    Data,
}
