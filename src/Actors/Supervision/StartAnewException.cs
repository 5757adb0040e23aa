namespace EbpfActors.Actors.Supervision;

/// <summary>Ends a plugin that is well and wants to be made anew, for the reason that the message gives.</summary>
public sealed class StartAnewException(string reason) : Exception(reason);
