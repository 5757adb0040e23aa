using System.CommandLine;
using EbpfActors.Actors.Outputs;
using EbpfActors.Agent.Configuration;
using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.CommandLine;

/// <summary>The command line of the agent: what can be asked, and who answers.</summary>
internal sealed class AgentCommand
{
    private readonly SettingFlags _flags = new();
    private readonly Option<string?> _config = new("--config")
    {
        HelpName = "FILE",
        Description = "Read FILE: DataKit's ebpf.conf, or the collector's own format.",
    };

    private readonly Option<string> _socket = new("--status-socket")
    {
        HelpName = "PATH",
        Description = "Where the agent listens.",
        DefaultValueFactory = _ => Configuration.Settings.ProcessSettings.StatusSocket.Default[0],
    };

    private readonly Option<bool> _json = new("--json") { Description = "As JSON." };
    private readonly Option<bool> _version = new("--version") { Description = "Show the version." };

    private AgentCommand()
    {
    }

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var command = new AgentCommand();
        var parsed = command.Root().Parse(arguments, FlagReader.Rules);
        if (parsed.Errors.Count == 0)
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
        }

        await command.ComplainAsync(parsed);
        await Console.Error.WriteLineAsync("Try 'ebpf-actors --help'.");
        return ExitCode.BadConfiguration;
    }

    /// <summary>DataKit starts the agent with flags of its own making, and nobody reads what a wrong one is answered with on standard error.</summary>
    private async Task ComplainAsync(ParseResult parsed)
    {
        var errors = UsageErrors.Of(parsed);
        if (parsed.CommandResult.Command is RootCommand or { Name: "run" })
        {
            await StartFailure.TellAsync(ExitCode.BadConfiguration, errors, Load(parsed).Attempt);
            return;
        }

        foreach (var error in errors)
        {
            await Console.Error.WriteLineAsync($"ebpf-actors: {SafeText.OneLine(error)}");
        }
    }

    private RootCommand Root()
    {
        var root = new RootCommand("Observes this host's network with eBPF and reports to DataKit.");
        root.Options.Remove(root.Options.OfType<VersionOption>().Single());
        root.Add(_version);
        AddFlags(root);
        root.SetAction((parsed, stop) =>
            parsed.GetValue(_version) ? Task.FromResult(VersionCommand.Run()) : RunCommand.RunAsync(Load(parsed), stop));
        root.Add(Run());
        root.Add(CheckConfig());
        root.Add(Status());
        root.Add(Hooks());
        root.Add(Version());
        HelpWithExamples.AddTo(root);
        return root;
    }

    private Command Run()
    {
        var run = new Command("run", "Collect until SIGTERM or SIGINT; the same as no command at all.");
        AddFlags(run);
        run.SetAction((parsed, stop) => RunCommand.RunAsync(Load(parsed), stop));
        return run;
    }

    private Command CheckConfig()
    {
        var check = new Command("check-config", "Show the configuration as it takes effect, or everything that is wrong with it.");
        AddFlags(check);
        check.SetAction(parsed => CheckConfigCommand.Run(Load(parsed)));
        return check;
    }

    private Command Status()
    {
        var status = new Command("status", "Show how the running agent is doing.") { _json, _socket };
        status.SetAction((parsed, stop) => StatusCommand.RunAsync(parsed.GetValue(_socket)!, parsed.GetValue(_json), stop));
        return status;
    }

    private Command Hooks()
    {
        var hooks = new Command("hooks", "List the hooks of the kernel that the agent knows, and what is lost without each.") { _json };
        hooks.SetAction(parsed => HooksCommand.Run(parsed.GetValue(_json)));
        return hooks;
    }

    private static Command Version()
    {
        var version = new Command("version", "Show the version.");
        version.SetAction(_ => VersionCommand.Run());
        return version;
    }

    private void AddFlags(Command command)
    {
        command.Add(_config);
        _flags.AddTo(command);
    }

    private ConfigurationResult Load(ParseResult parsed)
    {
        var flags = _flags.Read(parsed, flag => new Source(SourceKind.Flag, flag));
        return ConfigurationLoader.Load(
            new FlagReading(flags, [], ConfigFile(parsed)), ProcessEnvironment.Variables(), MachineFacts.OfThisMachine());
    }

    /// <summary>Read from the tokens, so that it is known on a command line that is wrong elsewhere.</summary>
    private string? ConfigFile(ParseResult parsed) => parsed.GetResult(_config) is { Implicit: false, Tokens: [.., var file] } ? file.Value : null;
}
