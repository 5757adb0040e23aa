using EbpfActors.Probes.Hooks;

namespace EbpfActors.Agent.Tests.Configuration;

public sealed class WithoutHooksTests
{
    [Fact]
    public void Nothing_is_left_out_unless_somebody_asks() => Assert.Empty(Reading.Options().WithoutHooks);

    [Theory]
    [InlineData("--without-hook udp-refused --without-hook tcp-state:tp_btf")]
    [InlineData("--without-hook udp-refused,tcp-state:tp_btf")]
    [InlineData("--without-hook=udp-refused,,udp-refused --without-hook=tcp-state:tp_btf")]
    public void Hooks_and_rungs_are_left_out_by_a_flag_that_may_be_repeated_and_may_hold_a_list(string line) =>
        Assert.Equal(["udp-refused", "tcp-state:tp_btf"], Reading.Options(flags: line.Split(' ')).WithoutHooks);

    [Fact]
    public void They_are_left_out_by_a_key_of_the_file_which_a_flag_overrides()
    {
        const string File = "[[inputs.ebpf]]\nwithout_hooks = [\"udp-refused\", \" tcp-state:tp_btf\"]";

        Assert.Equal(["udp-refused", "tcp-state:tp_btf"], Reading.Options(File).WithoutHooks);
        Assert.Equal(["sweep"], Reading.Options(File, ["--without-hook", "sweep"]).WithoutHooks);
    }

    [Fact]
    public void Every_hook_and_rung_of_the_catalogue_can_be_left_out()
    {
        var names = HookCatalogue.All.SelectMany(h => h.Rungs.Select(r => WithoutHooks.Qualified(h, r)).Prepend(h.Name)).ToList();

        Assert.Equal(names, Reading.Options(flags: ["--without-hook", string.Join(',', names)]).WithoutHooks);
    }

    [Fact]
    public void An_unknown_name_on_the_command_line_is_a_problem_of_that_flag() => Assert.Equal(
        "--without-hook: \"udp-refusd\" is not a hook; did you mean udp-refused?",
        Assert.Single(Reading.Of(flags: ["--without-hook", "udp-refusd"]).Problems).ToString());
}
