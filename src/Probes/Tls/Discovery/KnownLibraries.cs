namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>What the name of a library says. Other libraries and programs are told by what they contain.</summary>
internal static class KnownLibraries
{
    // By the beginning of the name.
    private static readonly (string Name, string What)[] NotProbed =
    [
        ("libjvm.so", "Java (libjvm.so)"), ("libssl3.so", "NSS (libssl3.so)"), ("libmbedtls.so", "Mbed TLS (libmbedtls.so)"),
        ("libwolfssl.so", "wolfSSL (libwolfssl.so)"), ("libs2n.so", "s2n (libs2n.so)"), ("librustls.so", "rustls (librustls.so)"),
    ];

    internal static bool IsGnuTls(string name) => Is(name, "libgnutls.so");

    internal static bool IsCrypto(string name) => Is(name, "libcrypto.so");

    /// <summary>Offers OpenSSL's calls on top of GnuTLS's: what passes both would be counted twice.</summary>
    internal static bool IsFacade(string name) => Is(name, "libgnutls-openssl.so");

    internal static bool IsTls(string name) => Is(name, "libssl.so") || IsGnuTls(name);

    /// <summary>What to call the TLS of a library that has no place to probe; null for all others.</summary>
    internal static string? WithoutProbes(string name)
    {
        foreach (var (library, what) in NotProbed)
        {
            if (Is(name, library))
            {
                return what;
            }
        }

        return null;
    }

    /// <summary>
    /// What to call TLS that is written in a language of its own and takes no more than ciphers from libcrypto, which says nothing: it is told
    /// by the library that binds them. Null for all others.
    /// </summary>
    /// <param name="path">The library's.</param>
    internal static string? OnCryptoAlone(string path) =>
        Is(Path.GetFileName(path), "crypto.so") && path.Contains("/crypto-", StringComparison.Ordinal) && path.Contains("/priv/lib/", StringComparison.Ordinal)
            ? "Erlang (crypto.so)"
            : null;

    private static bool Is(string name, string library) =>
        name.StartsWith(library, StringComparison.Ordinal) && (name.Length == library.Length || name[library.Length] is '.' or ' ' or '-');
}
