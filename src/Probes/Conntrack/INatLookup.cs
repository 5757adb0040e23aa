using EbpfActors.Probes.Net;

namespace EbpfActors.Probes.Conntrack;

/// <summary>Answers where a connection goes after destination NAT. Thread-safe.</summary>
public interface INatLookup
{
    /// <summary>Takes in what the kernel has said so far: a connection that is known to have begun before is known here then.</summary>
    void CatchUp();

    /// <summary>The default value when the connection is not translated, or nothing is known of it.</summary>
    NatTarget Find(in FlowIdentity flow);
}
