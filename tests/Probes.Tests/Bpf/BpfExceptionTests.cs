using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Bpf;

/// <summary>Which program a failed load was about, from what libbpf prints: lines of versions 0.8, 1.1 and 1.5.</summary>
public sealed class BpfExceptionTests
{
    [Theory]
    [InlineData("libbpf: prog 'tcp_sweep': BPF program load failed: Operation not permitted | libbpf: prog 'tcp_sweep': failed to load: -1 | libbpf: failed to load object 'net'", "tcp_sweep")]
    [InlineData("libbpf: prog 'udp_on_refused': failed to find kernel BTF type ID of 'udp_fail_queue_rcv_skb': -3 | libbpf: prog 'udp_on_refused': failed to prepare load attributes: -3", "udp_on_refused")]
    [InlineData("libbpf: prog 'first': relo #1: ok | libbpf: prog 'second': relo #3: failed to relocate: -22", "second")]
    [InlineData("libbpf: map 'listeners': failed to create: Invalid argument(-22)", null)]
    [InlineData("", null)]
    public void The_program_that_was_named_last_is_the_one_that_was_refused(string log, string? program) =>
        new BpfException("load net", 1, log).Program.ShouldBe(program);
}
