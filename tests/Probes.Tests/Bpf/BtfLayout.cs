using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Native;
using Shouldly;

namespace EbpfActors.Probes.Tests.Bpf;

/// <summary>A structure or enumeration as the compiled object's own BTF describes it.</summary>
internal sealed unsafe partial class BtfLayout
{
    private const uint StructKind = 4;
    private const uint EnumKind = 6;

    private readonly Dictionary<string, int> _members = [];

    private BtfLayout(int size) => Size = size;

    public int Size { get; }

    /// <summary>Byte offset of a structure's member, or an enumerator's value.</summary>
    public int this[string member] => _members[member];

    public IReadOnlyCollection<string> Members => _members.Keys;

    public static BtfLayout Struct(BpfObject obj, string name) => Read(obj, name, StructKind, (parts, i) => (int)(parts[(3 * i) + 2] & 0xffffff) / 8, 3);

    public static BtfLayout Enum(BpfObject obj, string name) => Read(obj, name, EnumKind, (parts, i) => (int)parts[(2 * i) + 1], 2);

    private static BtfLayout Read(BpfObject obj, string name, uint kind, Func<uint[], int, int> value, int words)
    {
        var btf = bpf_object__btf(obj.Handle);
        var id = btf__find_by_name_kind(btf, name, kind);
        id.ShouldBeGreaterThan(0, $"{name} is not in the object's BTF");
        var type = btf__type_by_id(btf, (uint)id); // struct btf_type: name, info, size, then the members
        var layout = new BtfLayout((int)type[2]);
        var count = (int)(type[1] & 0xffff);
        var parts = new ReadOnlySpan<uint>(type + 3, count * words).ToArray();
        for (var i = 0; i < count; i++)
        {
            layout._members.Add(Marshal.PtrToStringUTF8((nint)btf__name_by_offset(btf, parts[i * words]))!, value(parts, i));
        }

        return layout;
    }

    [LibraryImport("libbpf.so.1")]
    private static partial nint bpf_object__btf(BpfObjectHandle obj);

    [LibraryImport("libbpf.so.1", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int btf__find_by_name_kind(nint btf, string name, uint kind);

    [LibraryImport("libbpf.so.1")]
    private static partial uint* btf__type_by_id(nint btf, uint id);

    [LibraryImport("libbpf.so.1")]
    private static partial byte* btf__name_by_offset(nint btf, uint offset);
}
