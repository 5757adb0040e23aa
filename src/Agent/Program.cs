using EbpfActors.Agent.CommandLine;

return await AgentCommand.RunAsync(args);
