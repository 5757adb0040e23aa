using Akka.Actor;

namespace EbpfActors.Actors.Outputs;

/// <summary>Writing thread -> line output: this batch is out.</summary>
internal sealed record LinesWritten(int Lines) : INoSerializationVerificationNeeded;

/// <summary>Writing thread -> line output: this batch is not out.</summary>
internal sealed record LinesNotWritten(int Lines, Exception Cause) : INoSerializationVerificationNeeded;
