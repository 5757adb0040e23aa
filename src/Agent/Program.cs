using EbpfActors.Agent.CommandLine;
using EbpfActors.Agent.Host;

NativeHeap.KeepSmall();
return DescriptorLimit.Raise() ?? await AgentCommand.RunAsync(args);
