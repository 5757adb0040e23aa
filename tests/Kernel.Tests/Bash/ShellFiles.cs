using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.Kernel.Tests.Bash;

/// <summary>A program's copy under the name bash, in a folder of its own: a file that no probe has seen.</summary>
internal sealed class CopyOfBash : IDisposable
{
    public CopyOfBash(string of = "/bin/bash")
    {
        Folder = Directory.CreateTempSubdirectory("bash-").FullName;
        File.Copy(of, Path);
    }

    public string Folder { get; }

    public string Path => Folder + "/bash";

    public void Delete() => File.Delete(Path);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}

/// <summary>A root with bash, the libraries that it needs, and a passwd file: as much of a container as a shell needs.</summary>
internal sealed class SmallRoot : IDisposable
{
    public SmallRoot(string passwd)
    {
        Path = Directory.CreateTempSubdirectory("root-").FullName;
        Copy("/bin/bash");
        foreach (var library in Shell.Run("ldd", "/bin/bash").Split(' ', '\n', '\t').Where(word => word.StartsWith('/')))
        {
            Copy(library);
        }

        Directory.CreateDirectory(Path + "/etc");
        File.WriteAllText(Path + "/etc/passwd", passwd);
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private void Copy(string file)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path + file)!);
        File.Copy(file, Path + file);
    }
}

/// <summary>An overlay over a folder, as each container of one image has its own.</summary>
internal sealed class OverlayMount : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("overlay-").FullName;

    public OverlayMount(string lower)
    {
        // The upper layer cannot be an overlay itself, which the root of this machine may be.
        Shell.Run("mount", $"-t tmpfs tmpfs {_folder}");
        Directory.CreateDirectory(_folder + "/upper");
        Directory.CreateDirectory(_folder + "/work");
        Directory.CreateDirectory(Path);
        Shell.Run("mount", $"-t overlay overlay -o lowerdir={lower},upperdir={_folder}/upper,workdir={_folder}/work {Path}");
    }

    public string Path => _folder + "/merged";

    public void Dispose()
    {
        Shell.Run("umount", "-l " + Path);
        Shell.Run("umount", "-l " + _folder);
        Directory.Delete(_folder);
    }
}
