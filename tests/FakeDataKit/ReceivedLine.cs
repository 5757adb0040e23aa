namespace EbpfActors.FakeDataKit;

/// <summary>A line that the server kept.</summary>
public sealed record ReceivedLine(string Path, string Input, string Line);
