namespace HlsGateway.Playlists;

/// <summary>How a URI reference stands to its base (RFC 3986 section 4).</summary>
public enum UriForm
{
    /// <summary>No path: empty, or only a query or fragment. The target is the base itself.</summary>
    SameDocument,

    /// <summary><c>720p/video.m3u8</c>, <c>../a.ts</c>.</summary>
    RelativePath,

    /// <summary><c>/vod/a.ts</c>.</summary>
    AbsolutePath,

    /// <summary><c>//host/a.ts</c>.</summary>
    NetworkPath,

    /// <summary>With a scheme: <c>https://host/a.ts</c>, <c>data:…</c>, <c>skd://…</c>.</summary>
    Absolute,
}

/// <summary>A URI reference split into its five parts (RFC 3986 appendix B). The parts are the written characters; nothing is decoded.</summary>
public readonly ref struct UriReference
{
    private UriReference(ReadOnlySpan<char> scheme, bool hasAuthority, ReadOnlySpan<char> authority, ReadOnlySpan<char> path, ReadOnlySpan<char> suffix)
    {
        Scheme = scheme;
        HasAuthority = hasAuthority;
        Authority = authority;
        Path = path;
        Suffix = suffix;
    }

    /// <summary>Without the colon; empty when absent.</summary>
    public ReadOnlySpan<char> Scheme { get; }

    /// <summary>True even for an empty authority (<c>file:///x</c>).</summary>
    public bool HasAuthority { get; }

    /// <summary>Without the slashes: <c>user@host:port</c>.</summary>
    public ReadOnlySpan<char> Authority { get; }

    public ReadOnlySpan<char> Path { get; }

    /// <summary>Query and fragment with their <c>?</c> and <c>#</c>, as written.</summary>
    public ReadOnlySpan<char> Suffix { get; }

    /// <summary>With its <c>?</c>; empty when absent.</summary>
    public ReadOnlySpan<char> Query => Suffix.IndexOf('#') is >= 0 and var hash ? Suffix[..hash] : Suffix;

    /// <summary>With its <c>#</c>; empty when absent.</summary>
    public ReadOnlySpan<char> Fragment => Suffix[Query.Length..];

    public UriForm Form =>
        !Scheme.IsEmpty ? UriForm.Absolute
        : HasAuthority ? UriForm.NetworkPath
        : Path.IsEmpty ? UriForm.SameDocument
        : Path[0] == '/' ? UriForm.AbsolutePath
        : UriForm.RelativePath;

    public static UriReference Split(ReadOnlySpan<char> reference)
    {
        var scheme = ReadOnlySpan<char>.Empty;
        var rest = reference;
        var mark = rest.IndexOfAny(":/?#");
        if (mark > 0 && rest[mark] == ':' && IsScheme(rest[..mark]))
        {
            scheme = rest[..mark];
            rest = rest[(mark + 1)..];
        }

        var authority = ReadOnlySpan<char>.Empty;
        var hasAuthority = rest.StartsWith("//", StringComparison.Ordinal);
        if (hasAuthority)
        {
            rest = rest[2..];
            authority = rest[..IndexOrEnd(rest, "/?#")];
            rest = rest[authority.Length..];
        }

        var path = rest[..IndexOrEnd(rest, "?#")];
        return new UriReference(scheme, hasAuthority, authority, path, rest[path.Length..]);
    }

    /// <summary>Resolves a reference as RFC 3986 section 5.2 does. Path and query keep their bytes; only dot segments are removed from a path.</summary>
    /// <param name="baseUrl">Absolute, with an authority.</param>
    /// <param name="absolute">The target with the reference's own fragment. An absolute URI without an authority (<c>data:</c>) is returned as it stands.</param>
    /// <returns>False when the base is not absolute or has no host.</returns>
    public static bool TryResolve(string baseUrl, string reference, out string absolute)
    {
        var from = Split(baseUrl);
        if (from.Scheme.IsEmpty || from.Authority.IsEmpty)
        {
            absolute = "";
            return false;
        }

        var to = Split(reference);
        absolute = to.Form switch
        {
            UriForm.Absolute when !to.HasAuthority => reference,
            UriForm.Absolute => $"{to.Scheme}://{to.Authority}{RemoveDotSegments(to.Path)}{to.Suffix}",
            UriForm.NetworkPath => $"{from.Scheme}://{to.Authority}{RemoveDotSegments(to.Path)}{to.Suffix}",
            UriForm.AbsolutePath => $"{from.Scheme}://{from.Authority}{RemoveDotSegments(to.Path)}{to.Suffix}",
            UriForm.RelativePath => $"{from.Scheme}://{from.Authority}{RemoveDotSegments($"{Folder(from.Path)}{to.Path}")}{to.Suffix}",
            _ => $"{from.Scheme}://{from.Authority}{RemoveDotSegments(from.Path)}{(to.Query.IsEmpty ? from.Query : to.Query)}{to.Fragment}",
        };
        return true;
    }

    /// <summary>RFC 3986 section 5.2.4. <c>%2e</c> is no dot here: code that protects a folder has to check for it itself.</summary>
    public static string RemoveDotSegments(ReadOnlySpan<char> path)
    {
        if (!path.Contains('.'))
            return path.ToString();

        var kept = new char[path.Length];
        var length = 0;
        var rest = path;
        while (!rest.IsEmpty)
        {
            // A segment with the slash before it; only the first may stand without one.
            var end = rest[1..].IndexOf('/') is >= 0 and var slash ? slash + 1 : rest.Length;
            var segment = rest[..end];
            var name = segment.TrimStart('/');
            var last = end == rest.Length;
            rest = rest[end..];
            if (name is "." or "..")
            {
                if (name is "..")
                    length = Math.Max(0, kept.AsSpan(0, length).LastIndexOf('/'));
                if (last && segment[0] == '/')
                    kept[length++] = '/';
                continue;
            }

            segment.CopyTo(kept.AsSpan(length));
            length += segment.Length;
        }

        return new string(kept, 0, length);
    }

    private static ReadOnlySpan<char> Folder(ReadOnlySpan<char> path) =>
        path.LastIndexOf('/') is >= 0 and var slash ? path[..(slash + 1)] : "/";

    private static int IndexOrEnd(ReadOnlySpan<char> text, ReadOnlySpan<char> marks) =>
        text.IndexOfAny(marks) is >= 0 and var at ? at : text.Length;

    private static bool IsScheme(ReadOnlySpan<char> text)
    {
        if (!char.IsAsciiLetter(text[0]))
            return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '-' or '.'))
                return false;
        }

        return true;
    }
}
