using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace EbpfActors.Agent.CommandLine;

/// <summary>The help, with worked examples below it.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private const string Examples = """
        Examples:
          Try it on one machine; connections appear as a table, nothing is sent:
            sudo ebpf-actors run --output table --interval 5s --include-loopback

          See the points themselves, as line protocol:
            sudo ebpf-actors run --output stdout --interval 10s

          Report to DataKit on this machine, and keep up to 1 GiB while it is away:
            sudo ebpf-actors run --datakit-apiserver 127.0.0.1:9529 --spool-size 1GiB

          Report to DataKit elsewhere, with tags, and keep a copy in a file:
            sudo ebpf-actors run --datakit-apiserver https://datakit.example:9529 \
                --tags 'env=prod;team=net' --output datakit,file:/tmp/points.txt

          Check a configuration file, then run with it; flags win over the file:
            ebpf-actors check-config --config /usr/local/datakit/conf.d/host/ebpf.conf
            sudo ebpf-actors run --config /usr/local/datakit/conf.d/host/ebpf.conf --log stderr

          Ask the running agent how it is doing:
            sudo ebpf-actors status
            sudo ebpf-actors status --json

          See which hooks of the kernel there are, and do without one of them:
            ebpf-actors hooks
            sudo ebpf-actors run --without-hook udp-refused --without-hook tcp-state:tp_btf

        Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 3 this machine lacks something.
        """;

    private readonly HelpAction _help;

    private HelpWithExamples(HelpAction help) => _help = help;

    public override bool ClearsParseErrors => true;

    public static void AddTo(RootCommand root)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        option.Action = new HelpWithExamples((HelpAction)option.Action!);
    }

    public override int Invoke(ParseResult parseResult)
    {
        _help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is RootCommand)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(Examples);
        }

        return 0;
    }
}
