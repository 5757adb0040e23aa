using System.Runtime.CompilerServices;
using EbpfActors.Probes.Bpf;

namespace EbpfActors.Probes.Net.Sweeps;

/// <summary>Walks both tables by the kernel's map iterators (Linux 5.8).</summary>
internal sealed class IteratorSweep : IFlowSweep
{
    private readonly BpfIterator _tcp;
    private readonly BpfIterator _udp;

    public IteratorSweep(BpfObject net)
    {
        _tcp = net.AttachIterator("tcp_sweep", net.Map("tcp_conns"));
        try
        {
            _udp = net.AttachIterator("udp_sweep", net.Map("udp_flows"));
        }
        catch (BpfException)
        {
            _tcp.Dispose();
            throw;
        }
    }

    public void Run(IFlowSweep.Consumer consume)
    {
        _tcp.Run(WholeRecords);
        _udp.Run(WholeRecords);

        int WholeRecords(ReadOnlySpan<byte> bytes)
        {
            var whole = bytes.Length - (bytes.Length % Unsafe.SizeOf<FlowEvent>());
            consume(bytes[..whole]);
            return whole;
        }
    }

    public void Dispose()
    {
        _tcp.Dispose();
        _udp.Dispose();
    }
}
