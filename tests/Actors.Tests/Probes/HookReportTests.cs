using EbpfActors.Actors.Probes;
using EbpfActors.Probes;
using EbpfActors.Probes.Hooks;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Probes;

public sealed class HookReportTests
{
    private static readonly HookStatus Best = new("tcp-state", "tp_btf/inet_sock_set_state", "");

    [Fact]
    public void A_plugin_with_its_best_rungs_is_one_line() =>
        Lines(Best, new HookStatus("sweep", "syscall program", ""))
            .ShouldBe([(false, "Plugin net attached: tcp-state by tp_btf/inet_sock_set_state, sweep by syscall program")]);

    [Fact]
    public void A_lower_rung_that_loses_nothing_is_told_with_the_reason() =>
        Line(new HookStatus("tcp-state", "raw_tp/inet_sock_set_state", "") { Refused = [new HookRefusal("tp_btf", "load net: Operation not permitted (errno 1)")] })
            .ShouldBe((false, "Plugin net: tcp-state by raw_tp/inet_sock_set_state, not tp_btf (load net: Operation not permitted (errno 1))"));

    [Fact]
    public void A_lower_rung_that_loses_something_is_a_warning_with_rung_reason_and_loss() =>
        Line(new HookStatus("tcp-state", "cgroup/sock_ops", "older connections end late")
        {
            Refused = [new HookRefusal("tp_btf", "not permitted"), new HookRefusal("raw_tp", "no such\nthing")],
        }).ShouldBe((true, "Plugin net: tcp-state by cgroup/sock_ops, not tp_btf (not permitted), raw_tp (no such thing): older connections end late"));

    [Fact]
    public void Rungs_that_are_refused_for_one_reason_share_it() =>
        Line(new HookStatus("nat-events", "netlink", "it costs more") { Refused = [new HookRefusal("fentry", "not permitted"), new HookRefusal("kprobe", "not permitted")] })
            .ShouldBe((true, "Plugin net: nat-events by netlink, not fentry, kprobe (not permitted): it costs more"));

    [Fact]
    public void A_hook_that_has_no_rung_is_a_warning() =>
        Line(new HookStatus("udp-refused", "", "refused datagrams count as received") { Refused = [new HookRefusal("tp_btf", "not permitted")] })
            .ShouldBe((true, "Plugin net: no udp-refused, tp_btf (not permitted): refused datagrams count as received"));

    [Fact]
    public void What_the_user_left_out_is_no_warning_unless_the_kernel_refused_the_rest()
    {
        var leftOut = new HookRefusal("tp_btf", WithoutHooks.Reason);
        var refused = new HookRefusal("raw_tp", "not permitted");

        Line(new HookStatus("udp-refused", "", "refused datagrams count as received") { Refused = [leftOut] })
            .ShouldBe((false, "Plugin net: no udp-refused, tp_btf (left out by without_hooks): refused datagrams count as received"));
        Line(new HookStatus("tcp-state", "", "no TCP connection is reported") { Refused = [leftOut, refused] }).IsWarning.ShouldBeTrue();
    }

    [Fact]
    public void What_hooks_wait_for_is_one_line_and_no_warning()
    {
        HookStatus Waiting(string hook) => new(hook, "", "") { WaitsFor = "connection tracking" };

        Lines(Waiting("nat-events"), Waiting("nat-dump")).ShouldBe([(false, "Plugin net waits with nat-events, nat-dump for connection tracking")]);
    }

    [Fact]
    public void A_problem_of_one_file_is_a_warning() =>
        Line(new HookStatus("bash-lines of /opt/bash", "", "no symbols")).ShouldBe((true, "Plugin net: no bash-lines of /opt/bash: no symbols"));

    private static (bool IsWarning, string Text) Line(HookStatus hook) => Lines(Best, hook).Skip(1).ShouldHaveSingleItem();

    private static IEnumerable<(bool IsWarning, string Text)> Lines(params HookStatus[] hooks) =>
        HookReport.Of("net", hooks).Select(l => (l.IsWarning, l.Text));
}
