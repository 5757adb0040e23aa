using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Http;

namespace EbpfActors.Actors.Flows;

/// <summary>What writes the points of a connection key.</summary>
public sealed record FlowRenderers(IFlowLineRenderer Flows, HttpflowLineRenderer Http, DnsflowLineRenderer Dns);
