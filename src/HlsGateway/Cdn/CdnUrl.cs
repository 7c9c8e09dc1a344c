using System.Buffers;

namespace HlsGateway.Cdn;

/// <summary>A URL on a CDN, in the parts that signatures are about. Nothing in it can end a text or a JSON string that is signed.</summary>
/// <param name="Site">Scheme, host and port.</param>
/// <param name="Path">With its leading slash.</param>
/// <param name="Query">Without the question mark.</param>
internal readonly record struct CdnUrl(string Site, string Path, string Query)
{
    // RFC 3986: unreserved, reserved and the percent sign, without the fragment's mark.
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/?%[]");

    /// <summary>Path and query.</summary>
    public string Resource => Query.Length == 0 ? Path : $"{Path}?{Query}";

    public string Whole => Site + Resource;

    /// <summary>The path up to its last slash.</summary>
    public string Folder => Path[..(Path.LastIndexOf('/') + 1)];

    /// <summary>Where a number behind the text would look like a part of it.</summary>
    public bool EndsInDigit => char.IsAsciiDigit(Resource[^1]);

    public CdnUrl With(string parameters) => this with { Query = Query.Length == 0 ? parameters : $"{Query}&{parameters}" };

    /// <summary>Takes an absolute URL apart; what RFC 3986 does not allow in it is percent-encoded.</summary>
    public static CdnUrl Of(string url)
    {
        var text = PercentEncoding.Of(url, Plain);
        var slash = text.IndexOf('/', text.IndexOf("://", StringComparison.Ordinal) + 3);
        if (slash < 0)
            return new(text, "/", "");
        var question = text.IndexOf('?', slash);
        return question < 0 ? new(text[..slash], text[slash..], "") : new(text[..slash], text[slash..question], text[(question + 1)..]);
    }
}
