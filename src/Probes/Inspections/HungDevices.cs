namespace EbpfActors.Probes.Inspections;

/// <summary>Devices whose file system did not answer: nobody is to be sent there again as long as somebody is there. Bounded; not thread-safe.</summary>
internal sealed class HungDevices(IInspector inspector)
{
    private const int Most = 256;

    private readonly HashSet<ulong> _devices = [];

    public bool Contain(ulong device) => _devices.Contains(device);

    public void Add(ulong device)
    {
        if (_devices.Count >= Most)
        {
            _devices.Clear();
        }

        _devices.Add(device);
    }

    /// <summary>Devices get their numbers anew: once no thread hangs any more they are asked again.</summary>
    public void Forget()
    {
        if (inspector.Abandoned == 0)
        {
            _devices.Clear();
        }
    }
}
