using EbpfActors.Kernel.Tests.Net;
using EbpfActors.Kernel.Tests.Tls;
using EbpfActors.Probes;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Tls.Capture;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Refusals;

/// <summary>
/// Each hook, each rung and each program of httpflow-tls is refused in turn: the probe starts, says what is lost, and loses that and
/// nothing else.
/// </summary>
public sealed class TlsRefusalTests(GoPeer go) : IClassFixture<GoPeer>
{
    private const string Multi = "tls-calls:uprobe_multi";
    private const string Typed = "tls-receive:tp_btf";

    /// <summary>Names that are refused; the rung that serves instead, or none; what is not told then.</summary>
    public static TheoryData<string[], string, ToldTls> Refusals => new()
    {
        { [], Multi, ToldTls.None },
        { [Multi], "tls-calls:uprobe", ToldTls.None },
        { [Multi, "tls-calls:uprobe"], "tls-calls:perf_event", ToldTls.None },
        { ["tls-calls"], "tls-calls", ToldTls.All },
        { ["tls-sockets"], "tls-sockets", ToldTls.InMemory },
        { ["tls-sockets", Multi], "tls-sockets", ToldTls.InMemory },
        { [Typed], "tls-receive:raw_tp", ToldTls.None },
        { [Typed, "tls-sockets"], "tls-receive:raw_tp", ToldTls.InMemory },
        { ["tls-receive"], "tls-receive", ToldTls.GnuTls },
        { ["tls-receive", "tls-sockets"], "tls-receive", ToldTls.OpenSsl | ToldTls.InMemory | ToldTls.GnuTls },
    };

    /// <summary>Programs that the kernel refuses; names that are refused; the rung that serves; what is not told then.</summary>
    public static TheoryData<string[], string[], string, ToldTls> SharedPrograms => new()
    {
        { ["tls_at_point"], [], "tls-calls:uprobe", ToldTls.None },
        { ["tls_take"], [], "tls-calls", ToldTls.All },
        { ["tls_on_egress"], [], "tls-sockets", ToldTls.InMemory },
        { ["tls_on_receive"], [], "tls-receive:raw_tp", ToldTls.None },
        { ["tls_on_receive", "tls_receive_raw"], [], "tls-receive", ToldTls.GnuTls },
        { ["tls_on_bio"], [Multi], "tls-sockets", ToldTls.InMemory },
        { ["tls_free"], [Multi], "tls-calls:uprobe", ToldTls.None },
    };

    /// <summary>Those that stand at one kind of place, without which a file is not captured.</summary>
    public static TheoryData<string> ProgramsOfFiles => [.. TlsProbes.AtOnePlace.Except(["tls_on_bio", "tls_free"])];

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_refused_hook_or_rung_loses_what_it_says_and_nothing_else(string[] refused, string serving, ToldTls lost)
    {
        using var traffic = new TlsTraffic(go);
        using var recorder = NewRecorder(traffic, refused);

        traffic.Happen();

        ShouldTell(recorder, traffic, ToldTls.All & ~lost);
        ShouldSay(recorder.Hooks, serving);
    }

    [Theory]
    [MemberData(nameof(SharedPrograms))]
    public void A_program_that_the_kernel_refuses_takes_no_other_along(string[] programs, string[] refused, string serving, ToldTls lost)
    {
        using var traffic = new TlsTraffic(go);
        using var recorder = NewRecorder(traffic, refused, programs);

        traffic.Happen();

        ShouldTell(recorder, traffic, ToldTls.All & ~lost);
        ShouldSay(recorder.Hooks, serving);
    }

    [Theory]
    [MemberData(nameof(ProgramsOfFiles))]
    public void A_program_for_one_kind_of_place_that_the_kernel_refuses_loses_the_files_that_have_such_a_place(string program)
    {
        using var traffic = new TlsTraffic(go);
        using var recorder = NewRecorder(traffic, [Multi], program);
        var lost = traffic.Targets
            .Where(t => t.File.Points.Any(p => TlsPoints.Of(p) is { } point && TlsPoints.Program(point, p.StackOffset) == program))
            .Aggregate(ToldTls.None, (all, t) => all | t.Kind);

        traffic.Happen();

        ShouldTell(recorder, traffic, ToldTls.All & ~lost);
        recorder.Hooks.Single(h => h.Hook == "tls-calls").Problem.ShouldContain($"not loaded: {program} (");
        recorder.Counters.Hooks.Count(h => h.Problem.Contains($"for which {program} was not loaded", StringComparison.Ordinal))
            .ShouldBe(traffic.Targets.Count(t => t.Kind != ToldTls.None && (t.Kind & lost) != 0));
    }

    /// <summary>The cgroup programs need links too: the ciphertext is not seen.</summary>
    [Fact]
    public void Where_links_are_refused_at_the_attachment_uprobes_are_perf_events_and_the_tracepoint_is_a_raw_one()
    {
        using var traffic = new TlsTraffic(go);
        using var recorder = Refused(() => NewRecorder(traffic, []), RefusedCalls.LinkCreate);

        traffic.Happen();

        ShouldTell(recorder, traffic, ToldTls.All & ~ToldTls.InMemory);
        ShouldSay(recorder.Hooks, "tls-calls:perf_event");
        ShouldSay(recorder.Hooks, "tls-sockets");
        ShouldSay(recorder.Hooks, "tls-receive:raw_tp");
        recorder.Hooks.Where(h => h.Hook.StartsWith("tls-", StringComparison.Ordinal)).SelectMany(h => h.Refused).ShouldAllBe(r => r.Reason.EndsWith("(errno 1)"));
    }

    [Fact]
    public void Where_no_tracepoint_can_be_attached_there_are_no_connections_and_no_httpflow_tls()
    {
        using var traffic = new TlsTraffic(go);
        using var recorder = Refused(() => NewRecorder(traffic, []), RefusedCalls.LinkCreate, RefusedCalls.RawTracepointOpen);

        traffic.Happen();

        ShouldTell(recorder, traffic, ToldTls.None);
        var calls = recorder.Hooks.Single(h => h.Hook == "tls-calls");
        (calls.Rung, calls.Problem).ShouldBe(("", "no httpflow-tls: there are no connections without tcp-state"));
    }

    [Fact]
    public void Without_any_way_to_tie_a_session_the_files_that_need_one_are_named_and_not_probed()
    {
        using var traffic = new TlsTraffic(go);
        using var recorder = NewRecorder(traffic, ["tls-sockets", "tls-receive"]);

        recorder.Hooks.Single(h => h.Hook == "tls-sockets").Problem.ShouldBe("no httpflow-tls but that of Go programs, whose objects name their sockets");
        foreach (var (kind, file) in traffic.Targets)
        {
            var row = recorder.Counters.Hooks.Single(h => h.Hook == $"tls {file.MappedPath} (pid 1)");
            (row.Rung.Length > 0).ShouldBe(kind == ToldTls.Go, row.ToString());
            (row.Problem.Length > 0).ShouldBe(kind != ToldTls.Go, row.ToString());
        }
    }

    /// <summary>Made on a thread that is refused these commands of bpf(2).</summary>
    private static FlowRecorder Refused(Func<FlowRecorder> make, params int[] commands)
    {
        FlowRecorder? made = null;
        Exception? problem = null;
        var thread = new Thread(() =>
        {
            try
            {
                RefusedCalls.Bpf(commands);
                made = make();
            }
#pragma warning disable CA1031 // It is thrown below.
            catch (Exception e)
#pragma warning restore CA1031
            {
                problem = e;
            }
        });
        thread.Start();
        thread.Join();
        problem.ShouldBeNull(problem?.ToString());
        return made!;
    }

    private static FlowRecorder NewRecorder(TlsTraffic traffic, string[] refused, params string[] spoiled) => new(new NetProbeOptions
    {
        Http = false,
        Tls = Libraries.Capturing([.. traffic.Targets.Select(t => t.File)]) with
        {
            Without = new WithoutHooks(refused),
            Open = () => SpoiledProgram.Open("tls", spoiled),
        },
    });

    private static void ShouldTell(FlowRecorder recorder, TlsTraffic traffic, ToldTls expected)
    {
        var (seen, wrong) = (ToldTls.None, "");
        recorder.Until(
            _ => (seen = traffic.Seen(recorder, out wrong)) == expected && wrong.Length == 0 && traffic.Established(recorder) >= TlsTraffic.Least,
            () => string.Join('\n', [
                $"{expected}, not {seen}, of {traffic.Established(recorder)} connections", wrong, $"lost: {string.Join(", ", recorder.Counters.Losses)}", .. recorder.Hooks.Select(h => h.ToString()),
                .. recorder.Counters.Hooks.Select(h => h.ToString()), .. recorder.Notes.Select(n => n.Text)]));
    }

    private static void ShouldSay(IReadOnlyList<HookStatus> hooks, string serving)
    {
        var parts = serving.Split(':');
        var hook = HookCatalogue.All.Single(h => h.Name == parts[0]);
        var status = hooks.Single(h => h.Hook == hook.Name);
        if (parts.Length == 1)
        {
            status.Rung.ShouldBeEmpty();
            status.Problem.ShouldBe(hook.Without);
            status.Refused.Select(r => r.Rung).ShouldBe(hook.Rungs.Select(r => r.Name));
        }
        else
        {
            var rung = hook[parts[1]];
            status.Rung.ShouldStartWith(rung.Kernel);
            status.Problem.ShouldStartWith(rung.Cost);
            status.Refused.Select(r => r.Rung).ShouldBe(hook.Rungs.TakeWhile(r => r != rung).Select(r => r.Name));
        }
    }
}
