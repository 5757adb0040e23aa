using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>What is remembered of a mapped file so as not to look into it again.</summary>
/// <param name="pid">The process that mapped it first.</param>
/// <param name="generation">The inode's generation; 0 where it was not told.</param>
internal sealed class KnownFile(int pid, ulong generation)
{
    private ulong _generation = generation;

    internal int FirstPid { get; } = pid;

    /// <summary>The number of the scan in or after which it was last seen.</summary>
    internal long LastSeen { get; set; }

    /// <summary>The TLS it brings along without a place to probe; null where none is known.</summary>
    internal string? Unrecognised { get; set; }

    /// <summary>Held open until it is searched for traces of TLS; null when it is not to be.</summary>
    internal IMappedFile? Unsearched { get; set; }

    /// <summary>What is captured of it: mostly nothing, mostly one, more where an overlay has shown several contents by this identity.</summary>
    internal List<LiveTarget> Targets { get; } = [];

    /// <summary>True when another content may come to stand behind the identity while this one is in use.</summary>
    internal bool MayBeCopied => Targets.Exists(t => t.File.IsOnOverlay);

    /// <summary>True when the inode number has been given to another file since. Scans do not tell generations, records do.</summary>
    internal bool IsReplacedBy(in Mapping mapping)
    {
        var isReplaced = mapping.Generation != 0 && _generation != 0 && mapping.Generation != _generation;
        _generation = _generation == 0 ? mapping.Generation : _generation;
        return isReplaced;
    }
}
