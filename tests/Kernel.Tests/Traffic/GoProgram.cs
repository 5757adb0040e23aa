namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>A Go program, built for the test.</summary>
internal sealed class GoProgram : IDisposable
{
    private readonly TemporaryFolder _folder = new("go");

    public GoProgram(string source, string linkerFlags)
    {
        System.IO.File.Copy(source, _folder["main.go"]);
        Shell.Run("sh", $"-c \"cd {_folder.Path} && HOME={_folder.Path} GO111MODULE=off go build -ldflags='{linkerFlags}' -o {File} main.go\"");
    }

    public string File => _folder["peer"];

    public void Dispose() => _folder.Dispose();
}
