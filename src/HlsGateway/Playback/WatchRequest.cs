using HlsGateway.Counting;
using Microsoft.AspNetCore.Http.Features;

namespace HlsGateway.Playback;

/// <summary>
/// A player's request below <c>/watch/</c>, read once: its path as it came over the wire, its parameters, whose session it belongs to,
/// what its address proves by a signature and what the player tells of itself. What costs is read for the first who asks, and kept.
/// </summary>
internal sealed class WatchRequest
{
    public const string Prefix = "/watch/";

    private readonly SigningKeys keys;
    private readonly IHeaderDictionary headers;
    private bool isRoleRead;
    private bool isTimeRead;
    private bool isCmcdRead;

    private WatchRequest(SigningKeys keys, IHeaderDictionary headers) => (this.keys, this.headers) = (keys, headers);

    /// <summary>The path below <c>/watch/</c> in its one spelling (<see cref="WatchPath.Normal"/>), without query.</summary>
    public required string Path { get; init; }

    /// <summary>The same path as it came over the wire: what a redirect leads on to.</summary>
    public required string RawPath { get; init; }

    /// <summary>What follows the <c>?</c>.</summary>
    public required string Query { get; init; }

    /// <summary>The same, taken apart.</summary>
    public required PlayerQuery Parameters { get; init; }

    public required SessionVerdict Verdict { get; init; }

    /// <summary>Set when the verdict is Valid or Expired.</summary>
    public required SessionToken Token { get; init; }

    /// <summary>The video's id as it stands in the path; empty while it is not known where it ends.</summary>
    public required string Video { get; init; }

    /// <summary>The path below the video.</summary>
    public string Below => field ??= Path[(Video.Length + 1)..];

    /// <summary>The video's id as people write it, and as it is kept.</summary>
    public string VideoName => field ??= WatchPath.Kept(WatchPath.Readable(Video));

    /// <summary>The role of a child playlist that its address proves by itself; null where it proves none.</summary>
    public ChildRole? SignedRole
    {
        get
        {
            if (isRoleRead)
                return field;
            isRoleRead = true;
            return field = PlaylistSignature.Verify(keys, Video, Below, Parameters) ? ChildRole.Read(Parameters.Profile) : null;
        }
    }

    /// <summary>Start and length of a segment as we signed them; null where its address proves none.</summary>
    public (int StartMs, int DurationMs)? SignedTime
    {
        get
        {
            if (isTimeRead)
                return field;
            isTimeRead = true;
            return field = SegmentSignature.Verify(keys, Video, Below, Parameters, out var startMs, out var durationMs) ? (startMs, durationMs) : null;
        }
    }

    /// <summary>What the player tells of itself; null when it tells nothing that can be read.</summary>
    public Cmcd? Cmcd
    {
        get
        {
            if (isCmcdRead)
                return field;
            isCmcdRead = true;
            return field = ClientData.Read(headers, Query);
        }
    }

    /// <summary>Reads the request target byte for byte: what routing gives has been decoded.</summary>
    /// <returns>Null when the path may not be passed on.</returns>
    public static WatchRequest? Read(HttpContext context, SigningKeys keys, TimeSpan lifetime, DateTimeOffset now)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.AsSpan();
        if (target.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || target.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            // Absolute form (RFC 9112 section 3.2.2): what a proxy sends.
            target = target[(target.IndexOf("://", StringComparison.Ordinal) + 3)..];
            target = target.IndexOf('/') is var slash and >= 0 ? target[slash..] : [];
        }

        var question = target.IndexOf('?');
        var query = question < 0 ? "" : target[(question + 1)..].ToString();
        var raw = question < 0 ? target : target[..question];
        // The path of Gateway:PublicUrl, where a proxy passes it on.
        if (context.Request.PathBase is { HasValue: true } pathBase && pathBase.ToUriComponent() is var prefix && raw.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            raw = raw[prefix.Length..];
        if (!raw.StartsWith(Prefix, StringComparison.Ordinal) || !WatchPath.IsAcceptable(raw[Prefix.Length..]))
            return null;
        var rawPath = raw[Prefix.Length..].ToString();
        var path = WatchPath.Normal(rawPath);

        var parameters = new PlayerQuery(query);
        var session = parameters.Session;
        var verdict = SessionVerdict.None;
        SessionToken token = default;
        var videoLength = 0;
        if (!session.IsEmpty && !IsAnonymous(session))
            verdict = SessionToken.Verify(keys, session, path, lifetime, now, out token, out videoLength);
        var known = verdict is SessionVerdict.Valid or SessionVerdict.Expired;
        return new WatchRequest(keys, context.Request.Headers)
        {
            Path = path,
            RawPath = rawPath,
            Query = query,
            Parameters = parameters,
            Verdict = verdict,
            Token = token,
            Video = known ? path[..videoLength] : "",
        };
    }

    /// <summary>The same request, once the video's id is known by other means than a token.</summary>
    public WatchRequest Of(string video) => With(Verdict, Token, video);

    /// <summary>The same request without its session, which is another video's.</summary>
    public WatchRequest WithoutSession() => With(SessionVerdict.Forged, default, "");

    /// <summary>Without any session: what a new viewer's first request is.</summary>
    public bool IsFirst => Verdict == SessionVerdict.None && Parameters.Session.IsEmpty;

    /// <summary>The same request as the first of the session that it has begun.</summary>
    public WatchRequest Beginning(in SessionToken token) => With(SessionVerdict.Valid, token, Video);

    /// <summary>The token's text as it was given, for playlists of a session that has expired; the anonymous one where there is none that may be shown.</summary>
    public void CopyToken(Span<byte> destination)
    {
        var session = Parameters.Session;
        if (Verdict is SessionVerdict.Valid or SessionVerdict.Expired)
            System.Text.Encoding.ASCII.GetBytes(session, destination);
        else
            SessionToken.Anonymous.CopyTo(destination);
    }

    private WatchRequest With(SessionVerdict verdict, in SessionToken token, string video) =>
        new(keys, headers) { Path = Path, RawPath = RawPath, Query = Query, Parameters = Parameters, Verdict = verdict, Token = token, Video = video };

    private static bool IsAnonymous(ReadOnlySpan<char> session)
    {
        Span<char> anonymous = stackalloc char[SessionToken.Length];
        anonymous.Fill('A');
        return session.SequenceEqual(anonymous);
    }
}
