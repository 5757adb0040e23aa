using EbpfActors.Agent.CommandLine;
using EbpfActors.Agent.Host;

return DescriptorLimit.Raise() ?? await AgentCommand.RunAsync(args);
