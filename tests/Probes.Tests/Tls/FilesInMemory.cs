using EbpfActors.Probes.Processes;
using EbpfActors.Probes.Tests.Elf;
using EbpfActors.Probes.Tls.Discovery;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Tests.Tls;

/// <summary>The files that processes map, as bytes; counts how often they are asked for, opened and let go.</summary>
internal sealed class FilesInMemory : IMappedFileSource
{
    private readonly Dictionary<FileIdentity, (byte[] Bytes, bool Overlay, FileOrigin Origin)> _files = [];

    public string? Problem { get; set; }

    public int Asked { get; private set; }

    public int Opened { get; private set; }

    public int StillOpen { get; private set; }

    public void Add(FileIdentity file, byte[] bytes, bool overlay = false, long born = 0) =>
        _files[file] = (bytes, overlay, new((uint)file.Inode, born, null));

    public SafeFileHandle? Pin(in Mapping mapping) => null;

    public IMappedFile? Open(in Mapping mapping, SafeFileHandle? pinned, out string? problem)
    {
        Asked++;
        problem = Problem;
        if (!_files.TryGetValue(mapping.File, out var file))
        {
            return null;
        }

        Opened++;
        StillOpen++;
        return new OpenFile(file.Bytes, file.Overlay, file.Origin, () => StillOpen--);
    }

    public string ProcessName(int pid) => $"process{pid}";

    private sealed class OpenFile(byte[] bytes, bool overlay, FileOrigin origin, Action closed) : IMappedFile
    {
        private readonly MemoryFile _bytes = new(bytes);

        public ulong Length => _bytes.Length;

        public FileOrigin Origin => origin;

        public bool IsRegular => true;

        public bool IsOnOverlay => overlay;

        public string Path => "/proc/self/fd/3";

        public int Read(ulong offset, Span<byte> into) => _bytes.Read(offset, into);

        public void Dispose() => closed();
    }
}
