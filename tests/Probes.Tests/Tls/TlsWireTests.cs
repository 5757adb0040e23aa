using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Net.Http;
using EbpfActors.Probes.Tests.Bpf;
using EbpfActors.Probes.Tls;
using EbpfActors.Probes.Tls.Capture;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Tls;

/// <summary>The tls object's records and numbers against its own BTF.</summary>
public sealed class TlsWireTests
{
    [Theory]
    [InlineData("tls_join", typeof(TlsJoin))]
    [InlineData("tls_end", typeof(TlsEnd))]
    public void Managed_structures_match_the_compiled_object(string name, Type managed)
    {
        using var tls = BpfObject.Open("tls");
        var native = BtfLayout.Struct(tls, name);

        Marshal.SizeOf(managed).ShouldBe(native.Size);
        foreach (var member in native.Members)
        {
            ((int)Marshal.OffsetOf(managed, char.ToUpperInvariant(member[0]) + member[1..])).ShouldBe(native[member], member);
        }
    }

    [Theory]
    [InlineData("tls_count", typeof(TlsCount), 1)]
    [InlineData("tls_point", typeof(TlsPoint), 0)]
    public void Numbers_match_the_compiled_object(string name, Type managed, int more)
    {
        using var tls = BpfObject.Open("tls");
        var native = BtfLayout.Enum(tls, name);

        native.Members.Count.ShouldBe(Enum.GetValues(managed).Length + more);
        foreach (var value in Enum.GetValues(managed))
        {
            var member = "TLS" + string.Concat(value.ToString()!.Select(c => char.IsUpper(c) ? $"_{c}" : char.ToUpperInvariant(c).ToString()));
            native[member].ShouldBe((int)value, member);
        }
    }

    [Fact]
    public void Records_of_one_ring_have_sizes_of_their_own() => new[]
    {
        Unsafe.SizeOf<FlowEvent>(), Unsafe.SizeOf<HttpLine>(), Unsafe.SizeOf<HttpHead>(), Unsafe.SizeOf<HttpEnd>(),
        Unsafe.SizeOf<HttpExchangeRecord>() + HttpExchangeRecord.ShortLine,
        Unsafe.SizeOf<HttpExchangeRecord>() + HttpExchangeRecord.LongLine,
        Unsafe.SizeOf<TlsJoin>(), Unsafe.SizeOf<TlsEnd>(),
    }.ShouldBeUnique();

    [Fact]
    public void Every_place_that_discovery_may_find_has_its_part_of_the_object_and_a_program()
    {
        foreach (var moment in new[] { ProbeMoment.Entry, ProbeMoment.Return, ProbeMoment.InnerResult, ProbeMoment.GoReturn, ProbeMoment.Done })
        {
            foreach (var call in Enum.GetValues<TlsCall>().Where(call => Exists(call, moment)))
            {
                var point = TlsPoints.Of(new ProbePoint(call, moment, 0)).ShouldNotBeNull($"{call} {moment}");
                TlsPoints.Program(point, 0).ShouldNotBeNull();
            }
        }
    }

    private static bool Exists(TlsCall call, ProbeMoment moment) => moment switch
    {
        ProbeMoment.Entry => call is not (TlsCall.Handshake or TlsCall.AnyRead),
        ProbeMoment.Return => call is TlsCall.Read or TlsCall.Write or TlsCall.ReadEx or TlsCall.WriteEx or TlsCall.GnuTlsRecv or TlsCall.GnuTlsSend,
        ProbeMoment.InnerResult => call is TlsCall.Read or TlsCall.Write,
        _ => call is TlsCall.GoRead,
    };
}
