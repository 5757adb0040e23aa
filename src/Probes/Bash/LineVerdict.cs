namespace EbpfActors.Probes.Bash;

/// <summary>What becomes of a line whose program the kernel side does not know.</summary>
internal enum LineVerdict
{
    /// <summary>A shell's, told by the probe that speaks for it.</summary>
    Tell,

    /// <summary>Not a shell's, or told by another file's probe.</summary>
    NotAShells,

    /// <summary>Its program is being looked into.</summary>
    Wait,

    /// <summary>Its process has gone before anybody could look what it was.</summary>
    Unknown,
}
