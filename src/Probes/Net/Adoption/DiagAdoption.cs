using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Net.SockDiag;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Net.Adoption;

/// <summary>
/// Sockets by sock_diag, owners by /proc; a program looks each socket up in its network namespace and puts it into the tables. Of several
/// sockets that share an address (SO_REUSEPORT, bound to a device) one may stand for another.
/// </summary>
internal sealed class DiagAdoption : IAdoption
{
    private const string Program = "flow_adopt_found";
    private const uint AnyUdp = (1 << TcpStates.Established) | (1 << TcpStates.Close);

    private readonly BpfObject _net;
    private readonly NetworkNamespaces _namespaces;
    private readonly SocketOwners _owners;

    /// <summary>Runs the program once for a socket that does not exist, so that a kernel that loads but does not run it is noticed.</summary>
    public DiagAdoption(BpfObject net, string procRoot, string hostRoot)
    {
        (_net, _namespaces, _owners) = (net, new NetworkNamespaces(procRoot, hostRoot), new SocketOwners(procRoot));
        using (var diag = new SockDiagSocket())
        {
            diag.Dump(1 << TcpStates.Listen, static (in _) => { });
        }

        Find(default, Transport.Tcp);
    }

    public void Run(AdoptWhat what)
    {
        _owners.Walk();
        foreach (var path in _namespaces.All().Values)
        {
            NetworkNamespaces.RunIn(path, () => RunHere(what));
        }
    }

    public void Dispose()
    {
    }

    private void RunHere(AdoptWhat what)
    {
        using var diag = new SockDiagSocket();
        if (what is AdoptWhat.Listeners)
        {
            diag.Dump(1 << TcpStates.Listen, (in DiagSocket seen) => Find(seen, Transport.Tcp));
            return;
        }

        if (what is AdoptWhat.All)
        {
            diag.Dump(TcpStates.Connected, (in DiagSocket seen) => Find(seen, Transport.Tcp));
        }

        try
        {
            diag.Dump(AnyUdp, (in DiagSocket seen) => Find(seen, Transport.Udp), Transport.Udp);
        }
        catch (BpfException)
        {
            // No sock_diag for UDP (a module of its own): the owner of a UDP socket is known once it sends.
        }
    }

    private void Find(in DiagSocket socket, Transport transport)
    {
        var owner = _owners.Find(socket.Inode);
        if (owner.Pid == 0 && socket.Inode != 0)
        {
            return; // it has gone since, or nobody may look
        }

        var isIPv4 = socket.Source.IsIPv4 || (socket.Source.IsUnspecified && socket.Destination.IsIPv4);
        var request = new AdoptRequest
        {
            Family = isIPv4 ? (byte)2 : (byte)10,
            Protocol = (byte)transport,
            Lport = socket.SourcePort,
            Rport = socket.DestinationPort == 0 ? (ushort)1 : socket.DestinationPort,
            Tgid = owner.Pid,
        };
        var here = isIPv4 ? IpAddress.FromIPv4(0x7f000001) : new IpAddress(0, 1);
        (socket.Source.IsUnspecified ? here : socket.Source).Write(request.Laddr);
        (socket.Destination.IsUnspecified ? here : socket.Destination).Write(request.Raddr);
        owner.Name.AsSpan().CopyTo(request.Comm);
        _net.Run(Program, MemoryMarshal.AsBytes(new ReadOnlySpan<AdoptRequest>(ref request)));
    }
}
