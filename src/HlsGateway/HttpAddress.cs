namespace HlsGateway;

/// <summary>Addresses in options to which paths are appended.</summary>
internal static class HttpAddress
{
    /// <summary>True for an absolute http(s) URL without query and fragment.</summary>
    public static bool IsBase(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Query.Length == 0 && url.Fragment.Length == 0;
}
