using System.Collections.Immutable;
using Akka.Actor;
using EbpfActors.Actors.Flows;
using EbpfActors.Probes.Bash;

namespace EbpfActors.Actors.Bash;

/// <summary>
/// Reader thread -> bash probe: what was typed since the last batch, in order. Whoever ends up with it disposes it, which
/// gives the reader its credit back.
/// </summary>
public sealed class CommandBatch(ImmutableArray<ShellCommand> commands, CreditGate credits) : IDisposable, INoSerializationVerificationNeeded
{
    private CreditGate? _credits = credits;

    public ImmutableArray<ShellCommand> Commands => commands;

    public void Dispose() => Interlocked.Exchange(ref _credits, null)?.GiveBack();
}
