using Iced.Intel;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// Where a function returns. A probe there needs no return probe, which only sees calls that began after it was attached:
/// a function that waits for a person has begun long before.
/// </summary>
internal static class ReturnSites
{
    /// <summary>
    /// The offsets of all return instructions, from the function's start. Empty when some way out of it is not one of them: a
    /// jump to elsewhere, an instruction that cannot be decoded.
    /// </summary>
    public static IReadOnlyList<int> Find(byte[] code)
    {
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(code));
        var end = decoder.IP + (ulong)code.Length;
        var sites = new List<int>();
        while (decoder.IP < end)
        {
            decoder.Decode(out var instruction);
            switch (instruction.FlowControl)
            {
                case FlowControl.Return:
                    sites.Add((int)instruction.IP);
                    break;
                case FlowControl.IndirectBranch or FlowControl.Exception:
                case FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch when instruction.NearBranchTarget >= end:
                    return [];
            }

            if (instruction.IsInvalid)
            {
                return [];
            }
        }

        return sites;
    }
}
