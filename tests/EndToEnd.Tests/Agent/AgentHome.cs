namespace EbpfActors.EndToEnd.Tests.Agent;

/// <summary>The files of one agent of the test's own, so that it meets no other; gone afterwards.</summary>
internal sealed class AgentHome : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string PidFile => _folder["pid"];

    public string Log => _folder["log"];

    public string StatusSocket => _folder["socket"];

    public string Spool => _folder["spool"];

    /// <summary>For <c>--output file:</c>.</summary>
    public string Points => _folder["points"];

    public string this[string name] => _folder[name];

    /// <summary>
    /// A command line that collects; of a flag that is given twice the last counts. The table is large so that whatever else
    /// this host does leaves room for the test's own connections.
    /// </summary>
    public string[] Run(params string[] more) =>
    [
        "run", "--pidfile", PidFile, "--log", Log, "--status-socket", StatusSocket, "--spool-dir", Spool, "--max-connections", "262144", .. more,
    ];

    public string[] LogLines() => Lines(Log);

    public string[] PointLines() => Lines(Points);

    /// <summary>Lets every user in, so that what keeps one away is the file itself.</summary>
    public void OpenToEverybody() => File.SetUnixFileMode(
        Path.GetDirectoryName(Log)!,
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

    public void Dispose() => _folder.Dispose();

    private static string[] Lines(string path) => File.Exists(path) ? File.ReadAllLines(path) : [];
}
