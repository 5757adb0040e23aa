using System.Diagnostics;
using System.Text;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>A connection between <c>openssl s_client</c> and <c>s_server</c>: every piece that one says is read by the other before the next.</summary>
internal sealed class OpenSslTalk : IDisposable
{
    private readonly Process _server;
    private readonly Process _client;

    /// <param name="certificate">Of the server.</param>
    /// <param name="userland">Whose openssl; the certificate's too.</param>
    public OpenSslTalk(Certificate certificate, Userland? userland = null)
    {
        userland ??= Userland.Host;
        _server = userland.Start("openssl", $"s_server -quiet -accept 127.0.0.1:{Port} -naccept 2 -cert {certificate.File} -key {certificate.KeyFile}");
        Listening.Wait(Port, _server);
        _client = userland.Start("openssl", $"s_client -quiet -connect 127.0.0.1:{Port}");
    }

    public int Port { get; } = FreePorts.Next();

    public int ServerPid => _server.Id;

    public int ClientPid => _client.Id;

    public void Say(string text) => Carry(_client, _server, text);

    public void Answer(string text) => Carry(_server, _client, text);

    public void Kill()
    {
        foreach (var process in new[] { _client, _server }.Where(p => !p.HasExited))
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    public void Dispose()
    {
        Kill();
        _client.Dispose();
        _server.Dispose();
    }

    private static void Carry(Process from, Process to, string text)
    {
        from.StandardInput.BaseStream.Write(Encoding.ASCII.GetBytes(text));
        from.StandardInput.BaseStream.Flush();
        to.StandardOutput.BaseStream.ReadExactly(new byte[text.Length]);
    }
}
