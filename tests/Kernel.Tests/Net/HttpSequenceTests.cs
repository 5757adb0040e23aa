using System.Globalization;
using System.Text.RegularExpressions;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>Every request carries its number, as fast as this machine makes them: none is missing, none is there twice.</summary>
public sealed partial class HttpSequenceTests(HttpHost host, ITestOutputHelper output) : IClassFixture<HttpHost>
{
    private const int Seconds = 4;
    private const int DelayMilliseconds = 2;

    /// <summary>Numbers count in each thread; the first of the first thread is asked for by wrk itself and never sent.</summary>
    private const string Script = """
        local threads = {}
        function setup(thread) thread:set("id", #threads + 1) table.insert(threads, thread) end
        function init() sent = 0 end
        function request() sent = sent + 1 return "GET /" .. id .. "/" .. sent .. "?x HTTP/1.1\r\nHost: x\r\n\r\n" end
        function done() for _, thread in ipairs(threads) do print("sent " .. thread:get("sent")) end end
        """;

    private static readonly string Throttle = $"\nfunction delay() return {DelayMilliseconds} end\n";

    [Fact]
    public void At_full_load_and_at_half_of_it_every_number_is_seen_once_or_counted()
    {
        using var nginx = Nginx.Start(workers: 1);
        var full = Load(nginx, Script, threads: 2, connections: 32);
        var half = (int)(full / Seconds / 2 * DelayMilliseconds / 1000);
        Load(nginx, Script + Throttle, threads: 2, connections: Math.Clamp(half, 2, 500));
    }

    /// <summary>Returns how many requests were sent.</summary>
    private long Load(Nginx nginx, string script, int threads, int connections)
    {
        using var folder = new TemporaryFolder("wrk");
        File.WriteAllText(folder["script.lua"], script);
        host.Recorder.Forget();
        var full = RingFull();
        var missing = host.Missing();
        using var wrk = new RunningProgram("wrk", $"-t{threads} -c{connections} -d{Seconds}s -s {folder["script.lua"]} http://127.0.0.1:{nginx.Port}/");
        host.Recorder.Until(_ => wrk.Process.HasExited, "wrk ended");
        var said = wrk.StandardOutput.ReadToEnd();
        wrk.Process.ExitCode.ShouldBe(0, said);
        bool IsClient(FlowIdentity flow) => flow.DestinationPort == nginx.Port;
        bool IsServer(FlowIdentity flow) => flow.SourcePort == nginx.Port;
        var asked = Sent().Matches(said).Sum(m => long.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)) - 1;
        asked.ShouldBeGreaterThan(1000, said);
        long LostEnds() => RingFull() - full;
        long Counted() => host.Missing().Sum(m => m.Value) - missing.Sum(m => m.Value);
        long Missing() => (2 * asked) - Count(IsClient) - Count(IsServer);
        string State() => $"asked {asked}, not seen by both ends {Missing()}, lost ends {LostEnds()}, counted: {host.MissingSince(missing)}";

        // A request that waited on a connection whose last record was lost is counted with that record, if only the kernel knew of it.
        host.Recorder.Until(
            _ => Open(IsClient) + Open(IsServer) <= LostEnds() && Missing() >= Counted() && Missing() <= Counted() + LostEnds(),
            State);
        ShouldBeThereOnce(IsClient);
        ShouldBeThereOnce(IsServer);
        output.WriteLine($"{asked / Seconds}/s over {connections} connections, {State()}");
        return asked;
    }

    private long RingFull() => host.Recorder.Counters.Losses.Where(l => l.Reason == "ring-full").Sum(l => l.Records);

    private long Open(Func<FlowIdentity, bool> flow) => host.Recorder.Where(flow).Sum(d => (long)d.Established - (long)d.Closed);

    private IEnumerable<HttpExchange> Numbered(Func<FlowIdentity, bool> flow) => host.Recorder.Exchanges.Where(e => flow(e.Flow) && e.Count == 1);

    private long Count(Func<FlowIdentity, bool> flow) => Numbered(flow).LongCount();

    private void ShouldBeThereOnce(Func<FlowIdentity, bool> flow)
    {
        var exchanges = Numbered(flow).ToList();
        exchanges.ShouldAllBe(e => e.Method == "GET" && e.Status == 200 && e.LatencyNs > 0);
        exchanges.Select(e => e.Path).Distinct().LongCount().ShouldBe(exchanges.Count, "no number is there twice");
    }

    [GeneratedRegex(@"sent (\d+)")]
    private static partial Regex Sent();
}
