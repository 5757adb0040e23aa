using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>A file with TLS that somebody maps, held open.</summary>
/// <param name="target">What the sink is told.</param>
/// <param name="file">The open file.</param>
/// <param name="pid">The process that was found with it.</param>
internal sealed class LiveTarget(TlsTarget target, IMappedFile file, int pid)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private TimeSpan _pause = TimeSpan.FromSeconds(1);

    internal TlsTarget Target { get; } = target;

    internal IMappedFile File { get; } = file;

    internal int Pid { get; } = pid;

    /// <summary>True for a libcrypto: of use only next to a libssl.</summary>
    internal bool IsOnlyBioWrite { get; } = target.Points.All(p => p.Call == TlsCall.BioWrite);

    /// <summary>True for a libssl, whose records leave through a libcrypto.</summary>
    internal bool NeedsBioWrite { get; } = target.Flavour == TlsFlavour.OpenSsl && target.Points.All(p => p.Call != TlsCall.BioWrite);

    /// <summary>How many identities lead to it.</summary>
    internal int Names { get; set; }

    /// <summary>The sink was told of it, whether or not it could take it.</summary>
    internal bool IsAnnounced { get; private set; }

    /// <summary>When the sink is to be told again; null when it has taken it or was never told.</summary>
    internal DateTimeOffset? DueAt { get; private set; }

    /// <summary>The sink was told and could take it, or not.</summary>
    internal void Told(bool isTaken, DateTimeOffset now)
    {
        IsAnnounced = true;
        DueAt = isTaken ? null : now + _pause;
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
    }
}
