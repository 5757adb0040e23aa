namespace EbpfActors.Agent.Host;

/// <summary>Another collector runs already and owns the pid file.</summary>
public sealed class InstanceRunningException(string path, int pid)
    : Exception($"another instance is running with pid {pid} (pid file {path}); stop it first, or give this one its own --pidfile")
{
    public int Pid { get; } = pid;
}
