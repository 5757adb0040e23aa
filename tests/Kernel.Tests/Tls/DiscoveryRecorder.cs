using System.Collections.Concurrent;
using System.Diagnostics;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Processes;
using EbpfActors.Probes.Tls;
using EbpfActors.Probes.Tls.Discovery;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>A running discovery and everything that it told. The host has other programs: ask for what the test made.</summary>
internal sealed class DiscoveryRecorder : ITlsDiscoverySink, IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<(TlsTarget Target, int Pid)> _found = new();
    private readonly ConcurrentQueue<FileIdentity> _gone = new();
    private readonly ConcurrentQueue<(int Pid, string Process, string What)> _notRecognised = new();
    private readonly ConcurrentQueue<(string Path, string Problem)> _failed = new();

    /// <summary>Returns behind the first scan.</summary>
    internal DiscoveryRecorder(TimeSpan? rescanInterval = null, params string[] without)
    {
        var interval = rescanInterval ?? TimeSpan.FromHours(1);
        Discovery = new TlsDiscovery(
            new TlsDiscoveryOptions { RescanInterval = interval, RescanIntervalAlone = interval, Without = new WithoutHooks(without) }, this);
        Discovery.Start();
        Until(() => Discovery.Status.Scans > 0, "the first scan");
    }

    internal TlsDiscovery Discovery { get; }

    internal IEnumerable<FileIdentity> Gone => _gone;

    internal IEnumerable<(int Pid, string Process, string What)> NotRecognised => _notRecognised;

    internal IEnumerable<(string Path, string Problem)> Failed => _failed;

    /// <summary>Those whose path ends so.</summary>
    internal List<(TlsTarget Target, int Pid)> Found(string pathEnd) =>
        [.. _found.Where(f => f.Target.MappedPath.EndsWith(pathEnd, StringComparison.Ordinal))];

    internal (TlsTarget Target, int Pid) UntilFound(string pathEnd)
    {
        Until(() => Found(pathEnd).Count > 0, $"{pathEnd} is found");
        return Found(pathEnd)[0];
    }

    internal void UntilScannedAgain(int times)
    {
        var scans = Discovery.Status.Scans + times;
        Until(() => Discovery.Status.Scans >= scans, $"{times} scans");
    }

    internal void Until(Func<bool> holds, string what)
    {
        for (var start = Stopwatch.GetTimestamp(); !holds(); Thread.Yield())
        {
            Stopwatch.GetElapsedTime(start).ShouldBeLessThan(Deadline, $"waiting until: {what}; failures: {string.Join("; ", _failed)}");
        }
    }

    public void Dispose() => Discovery.Dispose();

    bool ITlsDiscoverySink.Found(TlsTarget target, int pid)
    {
        _found.Enqueue((target, pid));
        return true;
    }

    void ITlsDiscoverySink.Gone(FileIdentity file) => _gone.Enqueue(file);

    void ITlsDiscoverySink.NotRecognised(FileIdentity file, int pid, string process, string what) => _notRecognised.Enqueue((pid, process, what));

    void ITlsDiscoverySink.LeftOut(FileIdentity file, string path, int pid) => _failed.Enqueue((path, "left out"));

    void ITlsDiscoverySink.Failed(FileIdentity file, string path, int pid, string problem) => _failed.Enqueue((path, problem));

    void ITlsDiscoverySink.Settled(FileIdentity file)
    {
    }
}
