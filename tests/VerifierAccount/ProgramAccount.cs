using System.Globalization;

namespace EbpfActors.VerifierAccount;

/// <summary>What one kernel's verifier says of one program: a line of <c>tests/kernels/verifier-account.tsv</c>.</summary>
/// <param name="Environment">The kernel's series, <c>6.1</c>, and how it was started when that matters: <c>6.1-confidentiality</c>.</param>
/// <param name="Object">The BPF object.</param>
/// <param name="Program">The program in it.</param>
/// <param name="Instructions">How many instructions the verifier went through, each as often as it did; 0 when the program was refused.</param>
/// <param name="Stack">
/// Bytes of stack of the program and of each of its functions, <c>128+48</c>, or since Linux 7.3 of the deepest chain of calls, <c>176</c>;
/// empty when refused.
/// </param>
/// <param name="Refusal">Why the kernel does not take it; empty when it does.</param>
internal sealed record ProgramAccount(string Environment, string Object, string Program, int Instructions, string Stack, string Refusal)
{
    private const string Refused = "refused";

    public bool IsRefused => Refusal.Length > 0;

    /// <summary>Over all frames: no chain of calls takes more.</summary>
    public int StackBytes => Frames.Sum();

    public int LargestFrame => Frames.DefaultIfEmpty().Max();

    private IEnumerable<int> Frames =>
        Stack.Split('+', StringSplitOptions.RemoveEmptyEntries).Select(f => int.Parse(f, CultureInfo.InvariantCulture));

    public static ProgramAccount Parse(string line)
    {
        var columns = line.Split('\t');
        return columns switch
        {
            [var environment, var obj, var program, Refused, var why] => new(environment, obj, program, 0, "", why),
            [var environment, var obj, var program, var instructions, var stack] =>
                new(environment, obj, program, int.Parse(instructions, CultureInfo.InvariantCulture), stack, ""),
            _ => throw new FormatException($"five columns with tabs between them are expected, not '{line}'"),
        };
    }

    public override string ToString() => string.Join('\t', IsRefused
        ? [Environment, Object, Program, Refused, Refusal]
        : [Environment, Object, Program, Instructions.ToString(CultureInfo.InvariantCulture), Stack]);
}
