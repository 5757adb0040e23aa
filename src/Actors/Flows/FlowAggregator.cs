using Akka.Actor;
using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.LineProtocol;

namespace EbpfActors.Actors.Flows;

/// <summary>Owns the sums of one key between two flushes, layer 4, HTTP and DNS, and the escaped tags of its points.</summary>
public sealed class FlowAggregator : UntypedActor
{
    private readonly Producer _made;
    private FlowTotals _totals;
    private object? _prefix;
    private HttpBuckets? _http;
    private PointTags? _httpPrefix;
    private DnsBuckets? _dns;

    private FlowAggregator(Producer made) => _made = made;

    public static Props Props(in FlowKey key, FlowAggregatorOptions options) =>
        Akka.Actor.Props.CreateBy(new Producer(key, options)).WithMailbox(LeanMailbox.Id);

    protected override void PostStop()
    {
        _http?.Release();
        _dns?.Release();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AddTotals add: _totals += add.Totals; break;
            case HttpSums sums: Add(sums); break;
            case DnsSums sums: Add(sums); break;
            case FlushFlow flush: Flush(flush); break;
            default: Unhandled(message); break;
        }
    }

    private void Add(HttpSums sums)
    {
        _http ??= new HttpBuckets(_made.Options.HttpPaths, _made.Options.HttpPathBudget);
        _http.Add(sums);
    }

    private void Add(DnsSums sums)
    {
        _dns ??= new DnsBuckets(_made.Options.DnsNames, _made.Options.DnsNameBudget);
        _dns.Add(sums);
    }

    private void Flush(FlushFlow flush)
    {
        var flushed = new FlowFlushed(flush.FlushId, _made.Key, _totals, Line(flush.TimestampNs))
        {
            Http = FlushHttp(flush.TimestampNs),
            Dns = _dns?.Flush(_made.Options.Renderers.Dns, _made.Key, flush.TimestampNs) ?? DnsFlushed.Nothing,
        };
        _totals = default;
        if (flush.IsCrowded)
        {
            (_prefix, _httpPrefix) = (null, null);
        }

        Context.Parent.Tell(flushed);
    }

    private byte[] Line(long timestampNs)
    {
        if (_totals.Records == 0)
        {
            return [];
        }

        _prefix ??= _made.Options.Renderers.Flows.TagPrefix(_made.Key);
        return _made.Options.Renderers.Flows.Line(_prefix, _made.Key, _totals, timestampNs);
    }

    private HttpFlushed FlushHttp(long timestampNs)
    {
        if (_http is null)
        {
            return HttpFlushed.Nothing;
        }

        _httpPrefix ??= _made.Options.Renderers.Http.TagPrefix(_made.Key);
        var flushed = _http.Flush(_made.Options.Renderers.Http, _httpPrefix, timestampNs);
        if (_http.Count == 0)
        {
            _http = null;
        }

        return flushed;
    }

    /// <summary>
    /// Connections come and go by the thousand: an expression tree for each costs more than the actor. Holds the key, once, for the
    /// actor too.
    /// </summary>
    private sealed class Producer(in FlowKey key, FlowAggregatorOptions options) : IIndirectActorProducer
    {
        private readonly FlowKey _key = key;

        public ref readonly FlowKey Key => ref _key;

        public FlowAggregatorOptions Options { get; } = options;

        public Type ActorType => typeof(FlowAggregator);

        public ActorBase Produce() => new FlowAggregator(this);

        public void Release(ActorBase actor)
        {
        }
    }
}
