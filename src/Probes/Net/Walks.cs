using EbpfActors.Probes.Bpf;

namespace EbpfActors.Probes.Net;

/// <summary>
/// What the kernel's walks are told before they run, and the walks that find older sockets and owners. Belongs to the probe's thread.
/// </summary>
internal sealed class Walks(BpfObject net, NetPrograms programs, TimeSpan udpIdleTimeout)
{
    private readonly BpfMap _control = net.Map("flow_control");
    private readonly BpfMap _unsure = net.Map("flow_unsure");
    private long _unsureAfterAdoption;
    private uint _sweeps;
    private bool _begun;

    /// <summary>Sockets that are older than the agent. A walk that was attached and cannot be run costs what it would have found, not the plugin.</summary>
    public void AdoptOlder()
    {
        try
        {
            Adopt(AdoptWhat.Listeners);
            Adopt(AdoptWhat.All);
        }
        catch (BpfException e)
        {
            programs.RefuseAdoption(e);
        }

        _begun = true;
        Tell(all: false, AdoptWhat.All);
    }

    /// <summary>Servers whose accept no hook has seen: who holds the socket is looked up before it is reported, but only when there are new ones.</summary>
    public void LearnOwners()
    {
        var unsure = _unsure.Read<long>(0);
        if (unsure > _unsureAfterAdoption)
        {
            Adopt(AdoptWhat.All);
            unsure = _unsure.Read<long>(0);
        }

        _unsureAfterAdoption = unsure;
    }

    /// <summary>A sweep is about to run.</summary>
    /// <param name="all">It is to show every open flow, not only those that changed.</param>
    public void BeginSweep(bool all) => Tell(all, AdoptWhat.All);

    private void Adopt(AdoptWhat what)
    {
        var wanted = what is AdoptWhat.All && !programs.TracksTcp ? AdoptWhat.Udp : what;
        Tell(all: false, wanted);
        programs.Adoption?.Run(wanted);
    }

    private void Tell(bool all, AdoptWhat adopt) => _control.Write(0, new FlowControl
    {
        UdpIdleNs = (ulong)udpIdleTimeout.TotalNanoseconds,
        SweepAll = all ? 1u : 0u,
        Adopt = adopt,
        Sweep = _sweeps = Math.Max(1, unchecked(_sweeps + 1)),
        EndsUnseen = programs.EndsUnseen ? 1u : 0u,
        Begun = _begun ? 1u : 0u,
    });
}
