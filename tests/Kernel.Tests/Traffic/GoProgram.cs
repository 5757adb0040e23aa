namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>A Go program, built for the test.</summary>
internal sealed class GoProgram : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("go").FullName;

    public GoProgram(string source, string linkerFlags)
    {
        System.IO.File.Copy(source, Path.Combine(_folder, "main.go"));
        Shell.Run("sh", $"-c \"cd {_folder} && HOME={_folder} GO111MODULE=off go build -ldflags='{linkerFlags}' -o {File} main.go\"");
    }

    public string File => Path.Combine(_folder, "peer");

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
