using System.Text;
using HlsGateway.Counting;
using HlsGateway.Playback;

namespace HlsGateway.Fuzz.Targets;

/// <summary>What a player's address and headers may hold. Bytes stand for characters one to one, as they do in an HTTP request.</summary>
internal static class RequestTargets
{
    private const string Video = "films/bunny";
    private const string Below = "720p/video3.ts";
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddMilliseconds(1_800_000_000_000);
    private static readonly SigningKeys Keys = new([[.. Enumerable.Repeat((byte)7, 32)]]);
    private static readonly string Session = Begun();
    private static readonly string Segment = SegmentSignature.Parameters(Keys, Video, Below, new SegmentTime("4", 12_000, null), "", "high");
    private static readonly string Elsewhere = new OpaqueTarget(TargetUse.Redirect, "https://cdn.example/a.ts?x=1").ToPath(Keys, Video)!;

    public static FuzzTarget Cmcd() => new("cmcd", static input =>
    {
        if (Counting.Cmcd.Parse(Encoding.Latin1.GetString(input)) is not { } told)
            return;
        var text = told.ToString();
        var again = Counting.Cmcd.Parse(text) ?? throw new FuzzException("What was kept is not read back.");
        FuzzException.Unless(again.ToString() == text, "What was kept is read back as something else.");
        FuzzException.Unless(text.All(c => c is >= ' ' and not '\u007f'), "A control character was kept.");
    }, static () => Lines("bl=4000,br=3200,bs,mtp=25400,ot=v,pr=1.08,sid=\"6e2fb550-c457-11e9-bb97-0800200c9a66\",sf=h,st=v,su,v=2", "e=ps,sta=p,ts=1800000000000,pt=(12000),bl=(4000 3000),sid=\"a\\\"b\""),
        ["bl=", "bs", "mtp=", "pr=", "sid=\"", "st=v", "e=", "ts=", "sta=", "pt=", "su", "(", ")", ",", "\\\"", "?1", "?0", ".", "-1"]);

    /// <summary>A path and a query with every signature of ours: none holds for anything but what was signed.</summary>
    public static FuzzTarget Token() => new("token", static input =>
    {
        var text = Encoding.Latin1.GetString(input);
        var mark = text.IndexOf('?', StringComparison.Ordinal);
        var path = mark < 0 ? text : text[..mark];
        // As the request's way is: what is no acceptable path never gets so far.
        if (!WatchPath.IsAcceptable(path))
            return;
        path = WatchPath.Normal(path);
        var query = new PlayerQuery(mark < 0 ? "" : text[(mark + 1)..]);
        if (SessionToken.Verify(Keys, query.Session, path, TimeSpan.FromDays(1), Now, out var token, out var length) is SessionVerdict.Valid)
            FuzzException.Unless(query.Session.SequenceEqual(Session) && path[..length] == Video && !token.Preview, "A token that was never given out holds.");

        var video = path.StartsWith(Video + "/", StringComparison.Ordinal) ? Video : WatchPath.Folder(path).ToString();
        var below = path.AsSpan(Math.Min(path.Length, video.Length + 1));
        if (SegmentSignature.Verify(Keys, video, below, query, out var start, out var duration))
            FuzzException.Unless(video == Video && below is Below && start == 12_000 && duration == 4000, "A segment that was never signed holds.");
        if (below.StartsWith(OpaqueTarget.Marker + "/", StringComparison.Ordinal) && OpaqueTarget.TryRead(Keys, video, below, out var target))
            FuzzException.Unless(target == new OpaqueTarget(TargetUse.Redirect, "https://cdn.example/a.ts?x=1"), "A target that was never signed holds.");
        FuzzException.Unless(!PlaylistSignature.Verify(Keys, video, below, query), "A playlist that was never signed holds.");
        if (CaptionPath.TryRead(below, out var caption))
            FuzzException.Unless(CaptionPath.TryRead(caption.ToString(), out var again) && again == caption, "A caption's path is not what it was.");
    }, static () => Lines($"{Video}/{Below}?x=1&session_id={Session}{Segment}", $"{Video}/{Elsewhere}?session_id={Session}", $"{Video}/subtitles/en/0a1b/900000-60000-4000/4000-4000.vtt?session_id={Session}", $"{Video}/720p/video.m3u8?session_id={Session}&s=AAAAAAAAAAA&p=v"),
        [Video, Below, Session, Segment, Elsewhere, "session_id=", "&duration=", "&t=", "&e=", "&k=", "&r=", "&s=", "&p=", "&v=", "~x/", "~t/", "~r/", "subtitles/", "%2e", "%2F", "CMCD="]);

    /// <summary>A path that is let through has one spelling, stays below the base and is read the same by whoever follows it.</summary>
    public static FuzzTarget Path() => new("path", static input =>
    {
        var path = Encoding.Latin1.GetString(input);
        if (!WatchPath.IsAcceptable(path))
            return;
        var normal = WatchPath.Normal(path);
        FuzzException.Unless(WatchPath.IsAcceptable(normal) && WatchPath.Normal(normal) == normal, "Its one spelling is not its own.");
        FuzzException.Unless(WatchPath.Readable(normal) == WatchPath.Readable(path), "Its one spelling means another name.");
        foreach (var one in new[] { path, normal })
        {
            var resolved = new Uri(new Uri("https://cdn.example/base/"), "./" + one);
            FuzzException.Unless(resolved.Host == "cdn.example" && resolved.AbsolutePath.StartsWith("/base/", StringComparison.Ordinal) && resolved.Query.Length == 0, $"It leads to {resolved}.");
        }

        FuzzException.Unless(WatchPath.Kept(WatchPath.Readable(normal)).Length <= 1024 + 64, "Its name is kept too long.");
    }, static () => Lines("video_15/playlist.m3u8", "did:plc:abc/bafkrei/720p/video0.ts", "a%2Bb/%C3%A9/%E2%82%AC.m3u8", "a;b/c=d/e!f$g&h'i(j)k*l+m,n/@"),
        ["%2e", "%2E%2e", "%2f", "%5c", "%252e", "..", ".;x", "//", "\\", "%00", "%0d%0a", "%c0%ae", "@", ":", ";", "%41", "%e2%82%ac", "?", "#"]);

    /// <summary>The origin's own query goes on byte for byte where it is believed; nothing of ours is passed on.</summary>
    public static FuzzTarget Query() => new("query", static input =>
    {
        var text = Encoding.Latin1.GetString(input);
        var query = new PlayerQuery(text);
        foreach (var passed in new[] { query.PassedOn(believed: true, ["token"]), query.PassedOn(believed: false, ["token"]), query.Foreign() })
            FuzzException.Unless(passed.Length == 0 || (passed[0] == '?' && passed.Length <= text.Length + 1), "More is passed on than came.");
        FuzzException.Unless(!query.PassedOn(believed: false, []).Contains('=', StringComparison.Ordinal), "A client's own parameters are passed on.");
        FuzzException.Unless(query.PassedOn(believed: true, []) is var own && (own.Length == 0 || text.StartsWith(own[1..], StringComparison.Ordinal) || text.Contains("CMCD=", StringComparison.Ordinal) || text.Contains("trailer=", StringComparison.Ordinal)), "The origin's own query is not what it was.");
        _ = query.Interstitial;
        _ = PlayerQuery.Cmcd(text);
    }, static () => Lines("Policy=a%2Fb&x=~1,2;3&session_id=AAAA&duration=4&t=0&s=x&CMCD=bl%3D400", "a&&b=&session_id=A&session_id=B&e=1&k=a&r=n&p=vts&v=c&token=t", "trailer=interstitial&session_id="),
        ["session_id=", "&", "=", "CMCD=", "trailer=stitched", "trailer=interstitial", "token=", "&s=", "?"]);

    private static string Begun()
    {
        // Always the same, so that a corpus that holds it stays true: the identity (UUIDv7) says that it began an hour ago.
        var token = new SessionToken(Guid.Parse("01a31825-6180-7000-8000-000000000000"), 2, 0, Preview: false);
        Span<byte> text = stackalloc byte[SessionToken.Length];
        token.Write(Keys, Video, text);
        return Encoding.ASCII.GetString(text);
    }

    private static IEnumerable<byte[]> Lines(params string[] lines) => lines.Select(Encoding.Latin1.GetBytes);
}
