namespace EbpfActors.Probes.Tls.Placement;

/// <summary>
/// Chooses where a C function is probed, by its machine code. A probe moves off the first instruction only where it is proven that it is
/// passed once on every call with the arguments still in their registers; a return is read without a uretprobe only where
/// <see cref="InnerResult"/> proves it.
/// </summary>
internal static class CallPlacer
{
    internal static CallPlacement Place(TlsCall call, FunctionCode code)
    {
        var line = code.StraightLine(RegisterState.AtEntry());
        var entry = new EntryFinder(code, line, Arguments(call), thirdIsInt: call is TlsCall.Read or TlsCall.Write or TlsCall.BioWrite);
        return call switch
        {
            TlsCall.Free or TlsCall.GnuTlsDeinit or TlsCall.BioWrite => EntryOnly(call, code, entry),
            TlsCall.Read or TlsCall.Write => EntryAndInnerResult(call, code, line, entry),
            _ => EntryAndReturn(call, code, entry, null),
        };
    }

    private static int Arguments(TlsCall call) => call switch
    {
        TlsCall.Handshake or TlsCall.Free or TlsCall.GnuTlsDeinit => 1,
        TlsCall.ReadEx or TlsCall.WriteEx => 4,
        _ => 3,
    };

    private static CallPlacement EntryOnly(TlsCall call, FunctionCode code, EntryFinder entry) => entry.First() is { } moved
        ? CallPlacement.Moved(new ProbePoint(call, ProbeMoment.Entry, moved))
        : CallPlacement.Plain("no emulated instruction has the arguments", new ProbePoint(call, ProbeMoment.Entry, code.Address));

    private static CallPlacement EntryAndInnerResult(TlsCall call, FunctionCode code, List<FunctionCode.Step> line, EntryFinder entry)
    {
        if (entry.First() is not { } moved)
        {
            return EntryAndReturn(call, code, entry, "no emulated instruction has the arguments");
        }

        var (result, why) = InnerResult.Find(code, line);
        return result is { } inner && inner.Address > moved
            ? CallPlacement.Moved(
                new ProbePoint(call, ProbeMoment.Entry, moved), new ProbePoint(call, ProbeMoment.InnerResult, inner.Address, inner.StackOffset))
            : EntryAndReturn(call, code, entry, why);
    }

    /// <summary>
    /// Both on one instruction, which traps once. It has to be one where the return address is on top of the stack: there the kernel
    /// replaces it.
    /// </summary>
    private static CallPlacement EntryAndReturn(TlsCall call, FunctionCode code, EntryFinder entry, string? why)
    {
        var cheap = entry.FirstWithReturnAddress();
        ProbePoint[] points =
            [new(call, ProbeMoment.Entry, cheap ?? code.Address), new(call, ProbeMoment.Return, cheap ?? code.Address)];
        return cheap is null || why is not null
            ? CallPlacement.Plain(why ?? "no emulated instruction at the entry", points)
            : CallPlacement.Moved(points);
    }
}
