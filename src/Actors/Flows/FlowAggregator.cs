using Akka.Actor;
using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.LineProtocol;

namespace EbpfActors.Actors.Flows;

/// <summary>Owns the sums of one key between two flushes, layer 4, HTTP and DNS, and the escaped tags of its points.</summary>
public sealed class FlowAggregator : UntypedActor
{
    private readonly FlowKey _key;
    private readonly FlowAggregatorOptions _options;
    private FlowTotals _totals;
    private object? _prefix;
    private HttpBuckets? _http;
    private PointTags? _httpPrefix;
    private DnsBuckets? _dns;

    internal FlowAggregator(in FlowKey key, FlowAggregatorOptions options)
    {
        _key = key;
        _options = options;
        Context.SetReceiveTimeout(options.IdleAfter);
    }

    public static Props Props(FlowKey key, FlowAggregatorOptions options) => Akka.Actor.Props.CreateBy(new Producer(key, options));

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
            // Stopping here would lose what the parent has sent meanwhile, so the parent decides.
            case ReceiveTimeout: Context.Parent.Tell(new PassivateFlow(_key)); break;
            default: Unhandled(message); break;
        }
    }

    private void Add(HttpSums sums)
    {
        _http ??= new HttpBuckets(_options.HttpPaths, _options.HttpPathBudget);
        _http.Add(sums);
    }

    private void Add(DnsSums sums)
    {
        _dns ??= new DnsBuckets(_options.DnsNames, _options.DnsNameBudget);
        _dns.Add(sums);
    }

    private void Flush(FlushFlow flush)
    {
        var flushed = new FlowFlushed(flush.FlushId, _key, _totals, Line(flush.TimestampNs))
        {
            Http = FlushHttp(flush.TimestampNs),
            Dns = _dns?.Flush(_options.Renderers.Dns, _key, flush.TimestampNs) ?? DnsFlushed.Nothing,
        };
        _totals = default;
        Context.Parent.Tell(flushed);
    }

    private byte[] Line(long timestampNs)
    {
        if (_totals.Records == 0)
        {
            return [];
        }

        _prefix ??= _options.Renderers.Flows.TagPrefix(_key);
        return _options.Renderers.Flows.Line(_prefix, _key, _totals, timestampNs);
    }

    private HttpFlushed FlushHttp(long timestampNs)
    {
        if (_http is null)
        {
            return HttpFlushed.Nothing;
        }

        _httpPrefix ??= _options.Renderers.Http.TagPrefix(_key);
        var flushed = _http.Flush(_options.Renderers.Http, _httpPrefix, timestampNs);
        if (_http.Count == 0)
        {
            _http = null;
        }

        return flushed;
    }

    /// <summary>Connections come and go by the thousand: an expression tree for each costs more than the actor.</summary>
    private sealed class Producer(FlowKey key, FlowAggregatorOptions options) : IIndirectActorProducer
    {
        public Type ActorType => typeof(FlowAggregator);

        public ActorBase Produce() => new FlowAggregator(key, options);

        public void Release(ActorBase actor)
        {
        }
    }
}
