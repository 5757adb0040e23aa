namespace EbpfActors.Actors.Supervision;

/// <summary>The words that a status says about a plugin.</summary>
public static class PluginState
{
    public const string Running = "running";

    /// <summary>It ended and rests before it is started again.</summary>
    public const string Waiting = "waiting";

    /// <summary>The kernel refused it; it is tried again, but seldom.</summary>
    public const string Failed = "failed";

    public const string Stopped = "stopped";
}
