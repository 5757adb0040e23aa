using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>The looks into files that are under way, one for each file, and what was left alone and why. Bounded; not thread-safe.</summary>
internal sealed class FileLooks(IMappedFileSource source, IInspector inspector)
{
    private const int MaxOthers = 4;

    private readonly Dictionary<FileIdentity, FileLook> _underWay = [];
    private readonly HungDevices _hungDevices = new(inspector);

    /// <summary>Files that cost more than one may.</summary>
    internal long OverBudget { get; private set; }

    /// <summary>Files on file systems that do not answer.</summary>
    internal long Hung { get; private set; }

    /// <summary>Times that there was no room for another look; the next scan sees the file again.</summary>
    internal long NoRoom { get; private set; }

    /// <summary>Looks into a file that nobody looks into yet.</summary>
    internal void Begin(in Mapping mapping, IReadOnlyList<IMappedFile> known, Action<FileLook, InspectionEnd> done)
    {
        if (_underWay.TryGetValue(mapping.File, out var first) && first.Others.Count >= MaxOthers)
        {
            return;
        }

        var look = new FileLook(mapping, source, known, (look, end) =>
        {
            _underWay.Remove(look.Mapping.File);
            done(look, end);
        });
        if (first is not null)
        {
            first.Others.Enqueue(look);
            return;
        }

        Post(look);
    }

    /// <summary>The process was gone: another one that mapped the file may be there.</summary>
    internal void BeginNext(FileLook gone)
    {
        if (gone.Others.TryDequeue(out var next))
        {
            while (gone.Others.TryDequeue(out var other))
            {
                next.Others.Enqueue(other);
            }

            Post(next);
        }
    }

    /// <summary>Why a file is not looked into at all; null when it may be.</summary>
    internal string? Hangs(in Mapping mapping) => _hungDevices.Contain(mapping.File.Device) ? LeftAlone(InspectionEnd.Hung) : null;

    /// <summary>Why a look came to nothing; null when it came to its end.</summary>
    internal string? Count(InspectionEnd end, in Mapping mapping)
    {
        if (end == InspectionEnd.Hung)
        {
            _hungDevices.Add(mapping.File.Device);
        }

        return Count(end);
    }

    /// <summary>The same, of a file whose device is not known.</summary>
    internal string? Count(InspectionEnd end)
    {
        OverBudget += end == InspectionEnd.OverBudget ? 1 : 0;
        Hung += end == InspectionEnd.Hung ? 1 : 0;
        return LeftAlone(end);
    }

    /// <summary>After a scan.</summary>
    internal void ForgetHung() => _hungDevices.Forget();

    private static string? LeftAlone(InspectionEnd end) => end.Problem() is { } problem ? $"{problem}; it is left alone" : null;

    private void Post(FileLook look)
    {
        var file = look.Mapping.File;
        _underWay[file] = look;
        if (!inspector.Post(look))
        {
            NoRoom++;
            _underWay.Remove(file);
        }
    }
}
