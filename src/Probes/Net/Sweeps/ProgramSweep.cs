using EbpfActors.Probes.Bpf;

namespace EbpfActors.Probes.Net.Sweeps;

/// <summary>
/// Walks both tables by a program of each, run from here, that writes to a ring: a syscall program (Linux 5.14) or one of a raw
/// tracepoint (5.13). A program that finds the ring full stops; it is run again once the ring is empty, and goes on with what this
/// sweep has not seen.
/// </summary>
internal sealed class ProgramSweep : IFlowSweep
{
    /// <summary>Each run but the last empties a ring of 8,192 records: enough for 32 million flows, and an end if a program is wrong.</summary>
    private const int MostRuns = 4096;

    private readonly BpfObject _net;
    private readonly string[] _programs;
    private readonly RingReader _ring;

    /// <summary>Runs each program once, over tables that are empty yet, so that a kernel that loads but does not run them is noticed.</summary>
    public ProgramSweep(BpfObject net, params string[] programs)
    {
        _net = net;
        _programs = programs;
        _ring = new RingReader(net.Map("flow_swept"));
        try
        {
            Array.ForEach(programs, program => net.Run(program));
        }
        catch (BpfException)
        {
            _ring.Dispose();
            throw;
        }
    }

    public void Run(IFlowSweep.Consumer consume)
    {
        RingReader.Consumer each = record => consume(record);
        foreach (var program in _programs)
        {
            var runs = 0;
            bool isFull;
            do
            {
                isFull = _net.Run(program) != 0;
                _ring.Drain(each);
            }
            while (isFull && ++runs < MostRuns);
        }
    }

    public void Dispose() => _ring.Dispose();
}
