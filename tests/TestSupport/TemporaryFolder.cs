namespace EbpfActors.TestSupport;

/// <summary>
/// A folder of one test's own, gone with everything in it when disposed of. Its name tells whose it is: what a run leaves that was
/// killed, the next one removes.
/// </summary>
public sealed class TemporaryFolder : IDisposable
{
    /// <param name="purpose">A word for the name of the folder.</param>
    /// <param name="parent">Where to make it; the system's folder for temporary files unless given.</param>
    public TemporaryFolder(string purpose = "files", string? parent = null)
    {
        parent ??= System.IO.Path.GetTempPath();
        Leftovers.Watch(parent);
        Path = System.IO.Path.Combine(parent, $"{OwnedName.Next()}-{purpose}");
        Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
