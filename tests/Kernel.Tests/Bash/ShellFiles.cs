using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.Kernel.Tests.Bash;

/// <summary>A program's copy under the name bash, in a folder of its own: a file that no probe has seen.</summary>
internal sealed class CopyOfBash : IDisposable
{
    private readonly TemporaryFolder _folder = new("bash");

    public CopyOfBash(string of = "/bin/bash")
    {
        File.Copy(of, Path);
    }

    public string Folder => _folder.Path;

    public string Path => Folder + "/bash";

    public void Delete() => File.Delete(Path);

    public void Dispose() => _folder.Dispose();
}

/// <summary>A root with bash, the libraries that it needs, and a passwd file: as much of a container as a shell needs.</summary>
internal sealed class SmallRoot : IDisposable
{
    private readonly TemporaryFolder _folder = new("root");

    public SmallRoot(string passwd)
    {
        Copy("/bin/bash");
        foreach (var library in Shell.Run("ldd", "/bin/bash").Split(' ', '\n', '\t').Where(word => word.StartsWith('/')))
        {
            Copy(library);
        }

        Directory.CreateDirectory(Path + "/etc");
        File.WriteAllText(Path + "/etc/passwd", passwd);
    }

    public string Path => _folder.Path;

    public void Dispose() => _folder.Dispose();

    private void Copy(string file)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path + file)!);
        File.Copy(file, Path + file);
    }
}

/// <summary>An overlay over a folder, as each container of one image has its own.</summary>
internal sealed class OverlayMount : IDisposable
{
    private readonly TemporaryFolder _folder = new("overlay");

    public OverlayMount(string lower)
    {
        // The upper layer cannot be an overlay itself, which the root of this machine may be.
        Shell.Run("mount", $"-t tmpfs tmpfs {_folder.Path}");
        Directory.CreateDirectory(_folder.Path + "/upper");
        Directory.CreateDirectory(_folder.Path + "/work");
        Directory.CreateDirectory(Path);
        Shell.Run("mount", $"-t overlay overlay -o lowerdir={lower},upperdir={_folder.Path}/upper,workdir={_folder.Path}/work {Path}");
    }

    public string Path => _folder.Path + "/merged";

    public void Dispose()
    {
        Shell.Run("umount", "-l " + Path);
        Shell.Run("umount", "-l " + _folder.Path);
        _folder.Dispose();
    }
}
