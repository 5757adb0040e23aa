using System.Runtime.InteropServices;
using EbpfActors.Probes.Native;

namespace EbpfActors.Probes.Bpf;

/// <summary>One BPF object that this assembly carries: opened, sized, loaded; closing it unloads what no link holds.</summary>
internal sealed unsafe class BpfObject : IDisposable
{
    private readonly BpfObjectHandle _handle;
    private readonly string _name;

    private BpfObject(BpfObjectHandle handle, string name)
    {
        _handle = handle;
        _name = name;
    }

    internal BpfObjectHandle Handle => _handle;

    /// <summary>Opens the embedded object <c>name.bpf.o</c> without touching the kernel.</summary>
    internal static BpfObject Open(string name)
    {
        LibBpfLog.Install();
        using var stream = typeof(BpfObject).Assembly.GetManifestResourceStream(name + ".bpf.o")
            ?? throw new InvalidOperationException($"the object {name} was not embedded");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        nint opened;
        fixed (byte* data = bytes)
        fixed (byte* objectName = System.Text.Encoding.UTF8.GetBytes(name + "\0"))
        {
            var options = new LibBpf.OpenOptions { Size = (nuint)sizeof(LibBpf.OpenOptions), ObjectName = objectName };
            opened = LibBpf.bpf_object__open_mem(data, (nuint)bytes.Length, &options);
        }

        return opened != 0
            ? new BpfObject(BpfObjectHandle.Own(opened), name)
            : throw new BpfException($"open {name}", Marshal.GetLastPInvokeError(), LibBpfLog.Take());
    }

    internal void SetMaxEntries(string map, int entries) =>
        Check(LibBpf.bpf_map__set_max_entries(FindMap(map), (uint)entries), $"resize {map}");

    /// <summary>Before the load: lets this object use the map of the same name of an object that is loaded.</summary>
    internal void Share(string map, BpfObject owner) => Check(LibBpf.bpf_map__reuse_fd(FindMap(map), owner.Map(map).Fd), $"share {map}");

    /// <summary>Before the load: this object, which is the same as one that is loaded, uses all maps of that one, and loads one program only.</summary>
    internal void Join(BpfObject loaded, string program)
    {
        for (var map = LibBpf.bpf_object__next_map(_handle, 0); map != 0; map = LibBpf.bpf_object__next_map(_handle, map))
        {
            Share(Marshal.PtrToStringUTF8(LibBpf.bpf_map__name(map))!, loaded);
        }

        for (var other = LibBpf.bpf_object__next_program(_handle, 0); other != 0; other = LibBpf.bpf_object__next_program(_handle, other))
        {
            Check(LibBpf.bpf_program__set_autoload(other, other == FindProgram(program)), $"choose {program}");
        }
    }

    /// <summary>After the load: puts programs into a program array, in their order, so that others can jump to them.</summary>
    internal void FillPrograms(string map, params ReadOnlySpan<string> programs)
    {
        var array = Map(map);
        for (var i = 0; i < programs.Length; i++)
        {
            array.Write((uint)i, ProgramFd(programs[i]));
        }
    }

    /// <summary>Before the load: programs that <see cref="UprobeLinks"/> attaches, or that are jumped to from there.</summary>
    internal void ForManyPlaces(params ReadOnlySpan<string> programs)
    {
        foreach (var program in programs)
        {
            Check(LibBpf.bpf_program__set_expected_attach_type(FindProgram(program), UprobeLinks.AttachType), $"prepare {program}");
        }
    }

    /// <summary>Before the load: sets a constant that stands alone in a read-only section of the object.</summary>
    internal void SetConstant(string section, byte value) =>
        Check(LibBpf.bpf_map__set_initial_value(FindMap(section), &value, sizeof(byte)), $"set {section}");

    /// <summary>Runs a program that is loaded and not attached, once, on this thread; what it returned.</summary>
    internal uint Run(string program, ReadOnlySpan<byte> packet = default)
    {
        fixed (byte* data = packet)
        {
            var options = new LibBpf.TestRunOptions { Size = (nuint)sizeof(LibBpf.TestRunOptions), DataIn = data, DataInBytes = (uint)packet.Length };
            Check(LibBpf.bpf_prog_test_run_opts(ProgramFd(program), &options), $"run {program}");
            return options.Returned;
        }
    }

    internal int ProgramFd(string program) => Check(LibBpf.bpf_program__fd(FindProgram(program)), $"find {program}");

    /// <summary>Leaves a program out of the load: on this kernel it would fail, or nobody asked for it.</summary>
    internal void Skip(string program) => Check(LibBpf.bpf_program__set_autoload(FindProgram(program), false), $"skip {program}");

    internal void Load() => Check(LibBpf.bpf_object__load(_handle), $"load {_name}");

    internal BpfMap Map(string map) => new(Check(LibBpf.bpf_map__fd(FindMap(map)), $"find {map}"), map);

    /// <summary>Attaches by the program's section: tracepoints.</summary>
    internal BpfLinkHandle Attach(string program) => Own(LibBpf.bpf_program__attach(FindProgram(program)), program);

    internal BpfLinkHandle AttachCgroup(string program, SafeHandle cgroup) =>
        Own(LibBpf.bpf_program__attach_cgroup(FindProgram(program), (int)cgroup.DangerousGetHandle()), program);

    /// <summary>Attaches at an offset in a file, or to the return of the function there. The cookie, if not 0, needs Linux 5.15.</summary>
    internal BpfLinkHandle AttachUprobe(string program, string path, ulong offset, bool isReturn, ulong cookie)
    {
        var options = new LibBpf.UprobeOptions { Size = (nuint)sizeof(LibBpf.UprobeOptions), Cookie = cookie, IsReturn = isReturn ? (byte)1 : (byte)0 };
        return Own(LibBpf.bpf_program__attach_uprobe_opts(FindProgram(program), -1, path, (nuint)offset, &options), program);
    }

    /// <summary>The link owns the descriptor then.</summary>
    internal BpfLinkHandle AttachPerfEvent(string program, int fd) => Own(LibBpf.bpf_program__attach_perf_event(FindProgram(program), fd), program);

    /// <summary>An iterator over <paramref name="map"/>, or over what the program's section names when there is none.</summary>
    internal BpfIterator AttachIterator(string program, BpfMap? map = null)
    {
        var target = new LibBpf.IteratorTarget { MapFd = map?.Fd ?? 0 };
        var options = new LibBpf.IteratorOptions
        {
            Size = (nuint)sizeof(LibBpf.IteratorOptions),
            Target = &target,
            TargetSize = (uint)sizeof(LibBpf.IteratorTarget),
        };
        return new BpfIterator(Own(LibBpf.bpf_program__attach_iter(FindProgram(program), map is null ? null : &options), program), program);
    }

    public void Dispose() => _handle.Dispose();

    private static int Check(int result, string operation) =>
        result >= 0 ? result : throw new BpfException(operation, -result, LibBpfLog.Take());

    private static BpfLinkHandle Own(nint link, string program)
    {
        if (link == 0)
        {
            throw new BpfException($"attach {program}", Marshal.GetLastPInvokeError(), LibBpfLog.Take());
        }

        var owned = BpfLinkHandle.Own(link);
        if (DescriptorReserve.Has(LibBpf.bpf_link__fd(owned)))
        {
            owned.Dispose();
            throw new BpfException($"attach {program}", Errno.TooManyOpen);
        }

        return owned;
    }

    private nint FindProgram(string program) =>
        LibBpf.bpf_object__find_program_by_name(_handle, program) is var found and not 0
            ? found
            : throw new InvalidOperationException($"{_name} has no program {program}");

    private nint FindMap(string map) =>
        LibBpf.bpf_object__find_map_by_name(_handle, map) is var found and not 0
            ? found
            : throw new InvalidOperationException($"{_name} has no map {map}");
}
