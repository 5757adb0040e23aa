using Iced.Intel;

namespace EbpfActors.Probes.Tls.Placement;

/// <summary>The machine code of one function and, where its compiler put the unlikely part elsewhere, of what it jumps to.</summary>
internal sealed class FunctionCode
{
    private const int MaxSize = 1 << 16;
    private const int SizeIfUnknown = 512;
    private const int MaxLine = 64;
    private const int MaxElsewhere = 256;

    private readonly Func<ulong, int, byte[]> _read;
    private readonly byte[] _bytes;

    /// <param name="address">Virtual, of the first instruction.</param>
    /// <param name="size">0 where it is not known.</param>
    /// <param name="read">Gives up to that many bytes at a virtual address, none where there is no code.</param>
    internal FunctionCode(ulong address, ulong size, Func<ulong, int, byte[]> read)
    {
        _read = read;
        Address = address;
        _bytes = read(address, size == 0 ? SizeIfUnknown : (int)Math.Min(size, MaxSize));
        End = address + (ulong)_bytes.Length;
    }

    internal ulong Address { get; }

    internal ulong End { get; }

    internal bool Contains(ulong address) => address >= Address && address < End;

    internal ReadOnlySpan<byte> BytesOf(in Instruction instruction) =>
        _bytes.AsSpan((int)(instruction.IP - Address), instruction.Length);

    /// <summary>Every instruction, in the order of the bytes.</summary>
    internal IEnumerable<Instruction> Sweep() => Decode(_bytes, Address);

    /// <summary>The instructions from a place of the function on, in the order of the bytes; none for a place outside.</summary>
    internal IEnumerable<Instruction> From(ulong address) =>
        Contains(address) ? Decode(_bytes[(int)(address - Address)..], address) : [];

    /// <summary>The instructions at a place outside, up to the first that never goes on to the next.</summary>
    internal IEnumerable<Instruction> Elsewhere(ulong address)
    {
        foreach (var instruction in Decode(_read(address, MaxElsewhere), address))
        {
            yield return instruction;
            if (instruction.FlowControl is FlowControl.UnconditionalBranch or FlowControl.IndirectBranch or FlowControl.Return)
            {
                yield break;
            }
        }
    }

    /// <summary>The way from the entry when no conditional jump is taken, with what is proven before each instruction.</summary>
    internal List<Step> StraightLine(RegisterState state)
    {
        var facts = new InstructionInfoFactory();
        var line = new List<Step>();
        foreach (var instruction in Sweep())
        {
            line.Add(new(instruction, state));
            if (line.Count == MaxLine || instruction.FlowControl is not
                (FlowControl.Next or FlowControl.ConditionalBranch or FlowControl.Call or FlowControl.IndirectCall))
            {
                break;
            }

            state.Step(instruction, facts);
        }

        return line;
    }

    private static IEnumerable<Instruction> Decode(byte[] bytes, ulong address)
    {
        var decoder = Decoder.Create(64, bytes, address);
        while (decoder.IP < address + (ulong)bytes.Length)
        {
            var instruction = decoder.Decode();
            if (instruction.IsInvalid)
            {
                yield break;
            }

            yield return instruction;
        }
    }

    /// <summary>An instruction and the registers before it.</summary>
    internal readonly record struct Step(Instruction Instruction, RegisterState Before);
}
