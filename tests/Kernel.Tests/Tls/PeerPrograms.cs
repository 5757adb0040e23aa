using System.Diagnostics;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>
/// A program that serves HTTPS with <c>serve PORT CERTIFICATE KEY</c>, and makes connections with <c>talk PORT CONNECTIONS EACH</c>: it says
/// "connected", waits for a line, and then asks for paths that name its ports.
/// </summary>
internal sealed class PeerPrograms(string program, string script, int port, Certificate certificate) : IDisposable
{
    private readonly Process _server = Shell.Start(program, $"{script}serve {port} {certificate.File} {certificate.KeyFile}");
    private Process? _client;

    public int Port => port;

    public void Connect(int connections, int each)
    {
        Listening.Wait(port, _server);
        _client = Shell.Start(program, $"{script}talk {port} {connections} {each}");
        var line = _client.StandardOutput.ReadLine();
        line.ShouldBe("connected", line is null ? _client.StandardError.ReadToEnd() : null);
    }

    public void Talk()
    {
        _client!.StandardInput.WriteLine();
        _client.StandardInput.Flush();
        Eventually.Ends(_client);
        _client.ExitCode.ShouldBe(0, _client.StandardError.ReadToEnd());
    }

    public void Dispose()
    {
        foreach (var process in new[] { _client, _server }.OfType<Process>())
        {
            if (!process.HasExited)
            {
                process.Kill();
                process.WaitForExit();
            }

            process.Dispose();
        }
    }
}
