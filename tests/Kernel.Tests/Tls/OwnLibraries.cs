using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>
/// The distribution's TLS libraries as files of this run's own, in which this process and what it starts find them: a probe in a file is hit
/// by every process of the host that has it, and nobody else has these.
/// </summary>
internal static class OwnLibraries
{
    private const string Distribution = "/usr/lib/x86_64-linux-gnu";
    private static readonly TemporaryFolder Folder = new("libraries");

    /// <summary>Before anything is hashed or encrypted here, since a library that is loaded stays.</summary>
    [ModuleInitializer]
    internal static void Load()
    {
        foreach (var name in (string[])["libcrypto.so.3", "libssl.so.3", "libgnutls.so.30"])
        {
            File.Copy(Path.Combine(Distribution, name), Folder[name]);
        }

        Environment.SetEnvironmentVariable("LD_LIBRARY_PATH", Folder.Path);

        // In this order: the second one needs the first, and finds that it is there.
        NativeLibrary.Load(Of("libcrypto.so.3"));
        NativeLibrary.Load(Of("libssl.so.3"));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Folder.Dispose();
    }

    public static string Of(string name) => Folder[name];
}
