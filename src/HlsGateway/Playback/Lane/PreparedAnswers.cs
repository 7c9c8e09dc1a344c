using System.Text;
using HlsGateway.Counting;
using HlsGateway.Playlists;
using HlsGateway.Trailers;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback.Lane;

/// <summary>
/// What the fast lane may answer by itself. Only the ordinary path adds to it, with what it has just answered; so every rule stands there alone. An answer is used
/// again for the same bytes of an address, a session whose signature was right and that has not expired, and the state that it was made in.
/// </summary>
internal sealed class PreparedAnswers(
    SigningKeys keys, OriginCluster cluster, TrailerLibrary trailers, IOptions<SessionsOptions> sessions, IOptions<GatewayOptions> gateway, TimeProvider time)
{
    private const long MostAnswerBytes = 48L << 20;
    private const long MostSessionBytes = 16L << 20;

    /// <summary>The objects' own fields and strings' headers.</summary>
    private const int Own = 200;

    /// <summary>How long a playlist is answered before the ordinary path is asked again, which also tells the ledger of new lengths.</summary>
    private const long PlaylistMs = 5000;

    private readonly BytesTable<PreparedAnswer> answers = new(MostAnswerBytes);
    private readonly BytesTable<VerifiedSession> verified = new(MostSessionBytes);
    private readonly double lifetimeMs = sessions.Value.Lifetime.TotalMilliseconds;

    public PreparedAnswer? Find(ReadOnlySpan<byte> key) => answers.Find(key);

    /// <summary>Whether the ordinary path would give the same answer now.</summary>
    public bool Holds(PreparedAnswer answer) => (answer.Trailers is null || answer.Trailers == trailers.Snapshot) && answer switch
    {
        PreparedRedirect redirect => redirect.Destinations == cluster.State?.DestinationsState,
        PreparedPlaylist { Playlist: var playlist } prepared => Environment.TickCount64 < prepared.Until && time.GetElapsedTime(playlist.ConfirmedAt) < playlist.FreshFor,
        _ => false,
    };

    /// <summary>The session that a token names, where it is the video's, has not expired and counts; null for any other.</summary>
    /// <param name="nowMs">Unix milliseconds.</param>
    public VerifiedSession? Session(ReadOnlySpan<byte> token, string video, long nowMs)
    {
        var known = verified.Find(token) ?? Verify(token, video);
        if (known is null || !string.Equals(known.Video, video, StringComparison.Ordinal))
            return null;
        var age = nowMs - known.StartedAtMs;
        return age > lifetimeMs || age < -SessionToken.ClockSkewMs ? null : known;
    }

    /// <summary>Remembers a session that has just begun.</summary>
    public void Keep(SessionToken token, string video, ReadOnlySpan<byte> text)
    {
        if (gateway.Value.FastLane && !token.Preview)
            verified.Keep(text, new VerifiedSession(token, video, text.ToArray()), Own);
    }

    /// <summary>Remembers the redirect of a counted segment.</summary>
    /// <param name="path">As the ledger keeps it.</param>
    public void Keep(HttpContext context, WatchRequest request, (HitKind Kind, int StartMs, int DurationMs) time, string path, string location, bool isTrailer)
    {
        Span<byte> room = stackalloc byte[2 * LaneTarget.Longest];
        if (!TryRead(context, request, room, out var target) || Find(target.Key) is { } known && Holds(known))
            return;
        var redirect = new PreparedRedirect
        {
            Video = request.Video,
            VideoName = request.VideoName,
            Path = path,
            Kind = time.Kind,
            StartMs = time.StartMs,
            DurationMs = time.DurationMs,
            Location = Encoding.ASCII.GetBytes(location),
            Destinations = cluster.State?.DestinationsState,
            Trailers = isTrailer ? trailers.Snapshot : null,
        };
        answers.Keep(target.Key, redirect, Own + redirect.Location.Length + (2 * (path.Length + (2 * request.Video.Length))));
    }

    /// <summary>Remembers a Media Playlist that is the same for all sessions with this one's trailer.</summary>
    public void Keep(HttpContext context, WatchRequest request, OriginPlaylist playlist, PlaylistTemplate template)
    {
        Span<byte> room = stackalloc byte[2 * LaneTarget.Longest];
        if (request.SignedRole is null || !TryRead(context, request, room, out var target))
            return;
        var prepared = new PreparedPlaylist
        {
            Video = request.Video,
            VideoName = request.VideoName,
            Template = template,
            Playlist = playlist,
            Trailer = request.Token.Trailer,
            Placement = request.Token.Placement,
            Until = Environment.TickCount64 + PlaylistMs,
            Trailers = trailers.Snapshot,
        };
        // It may hold on to a template, and its playlist, that the playlist cache has removed.
        answers.Keep(target.Key, prepared, (int)Math.Min(int.MaxValue / 2, Own + template.Weight + playlist.Weight));
    }

    private bool TryRead(HttpContext context, WatchRequest request, Span<byte> room, out LaneTarget target)
    {
        target = default;
        if (!gateway.Value.FastLane || request.Verdict != SessionVerdict.Valid || request.Token.Preview || !HttpMethods.IsGet(context.Request.Method))
            return false;
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (raw.Length > LaneTarget.Longest || raw[0] != '/')
            return false;
        var bytes = room[LaneTarget.Longest..][..Encoding.ASCII.GetBytes(raw, room[LaneTarget.Longest..])];
        return LaneTarget.TryRead(bytes, room, out target);
    }

    private VerifiedSession? Verify(ReadOnlySpan<byte> text, string video)
    {
        Span<char> characters = stackalloc char[SessionToken.Length];
        Encoding.ASCII.GetChars(text, characters);
        // The token says how many segments of a path are its video's: a file below it is a path as good as any other.
        var verdict = SessionToken.Verify(keys, characters, $"{video}/-", sessions.Value.Lifetime, time.GetUtcNow(), out var token, out var length);
        if (verdict != SessionVerdict.Valid || token.Preview || length != video.Length)
            return null;
        var session = new VerifiedSession(token, video, text.ToArray());
        verified.Keep(text, session, Own);
        return session;
    }
}
