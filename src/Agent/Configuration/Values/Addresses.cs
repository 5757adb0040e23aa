using EbpfActors.Agent.Configuration.Settings;

namespace EbpfActors.Agent.Configuration.Values;

/// <summary>HTTP addresses; <c>http://</c> may be left out.</summary>
internal static class Addresses
{
    /// <summary>DataKit's address. It listens on 0.0.0.0, and to the one who connects that means this machine.</summary>
    public static readonly ValueParser<Uri> DataKit = Parsed.Last(text =>
        TryParse(text, out var address)
            ? Parsed.Ok(ThisMachineForAny(address))
            : Error(text, "127.0.0.1:9529, https://datakit.example:9529"));

    public static readonly ValueParser<Uri> Kubernetes = Parsed.Last(text =>
        TryParse(text, out var address) ? Parsed.Ok(address) : Error(text, "https://kubernetes.default:443"));

    private static Parsed<Uri> Error(string text, string examples) =>
        Parsed.Error<Uri>($"\"{text}\" is not an address; use for example {examples}");

    private static bool TryParse(string text, out Uri address)
    {
        var full = text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}";
        return Uri.TryCreate(full, UriKind.Absolute, out address!)
            && address.Scheme is "http" or "https"
            && address.Host.Length > 0
            && address.Port > 0
            && address.UserInfo.Length == 0
            && address.Query.Length == 0
            && !text.Any(char.IsWhiteSpace);
    }

    private static Uri ThisMachineForAny(Uri address) => address.Host switch
    {
        "0.0.0.0" => new UriBuilder(address) { Host = "127.0.0.1" }.Uri,
        "[::]" => new UriBuilder(address) { Host = "[::1]" }.Uri,
        _ => address,
    };
}
