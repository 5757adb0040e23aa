using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Processes;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>A look into one mapped file: opens it and tells what TLS it carries.</summary>
/// <param name="mapping">A mapping of it.</param>
/// <param name="source">Opens it.</param>
/// <param name="known">Files that are captured: what is one of them needs no look.</param>
/// <param name="done">Called when it is over.</param>
internal sealed class FileLook(in Mapping mapping, IMappedFileSource source, IReadOnlyList<IMappedFile> known, Action<FileLook, InspectionEnd> done) : Inspection
{
    private readonly byte[] _path = mapping.Path.ToArray();
    private readonly (int Pid, ulong Start, ulong End, FileIdentity File, ulong Generation) _mapping =
        (mapping.Pid, mapping.Start, mapping.End, mapping.File, mapping.Generation);
    private SafeFileHandle? _pinned = source.Pin(mapping);
    private IMappedFile? _opened;

    public Mapping Mapping => new(_mapping.Pid, _mapping.Start, _mapping.End, _mapping.File, _mapping.Generation, _path);

    /// <summary>As in <see cref="IMappedFileSource.Open"/>.</summary>
    public string? Problem { get; private set; }

    /// <summary>The open file; null when it could not be opened.</summary>
    public IMappedFile? Opened => _opened;

    /// <summary>Null where the file was known.</summary>
    public FileClassification? Found { get; private set; }

    /// <summary>By other processes that mapped it meanwhile, for the case that this one is gone.</summary>
    public Queue<FileLook> Others { get; } = [];

    public override void Look(ReadBudget budget)
    {
        var pinned = _pinned;
        _pinned = null;
        _opened = source.Open(Mapping, pinned, out var problem);
        Problem = problem;
        if (_opened is { IsRegular: true } && !known.Any(k => LiveTargets.AreSame(k, _opened)))
        {
            Found = FileClassifier.Classify(new BudgetedBytes(_opened, budget), System.Text.Encoding.UTF8.GetString(_path));
        }
    }

    public override void Done(InspectionEnd end) => done(this, end);

    /// <summary>The open file now belongs to the caller.</summary>
    public void Keep() => _opened = null;

    public override void Dispose()
    {
        while (Others.TryDequeue(out var other))
        {
            other.Dispose();
        }

        _pinned?.Dispose();
        _opened?.Dispose();
    }
}
