using System.ComponentModel;
using System.Globalization;
using HlsGateway.Counting;
using HlsGateway.Trailers;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace HlsGateway.Analytics;

/// <summary>The query parameters that choose sessions, the same for listings, reports, rankings and exports.</summary>
internal sealed class FilterQuery
{
    private static readonly Dictionary<string, PlayerFamily> Players = Enum.GetValues<PlayerFamily>().ToDictionary(SessionFilter.NameOf, StringComparer.Ordinal);
    private static readonly Dictionary<string, Basis> Bases = Enum.GetValues<Basis>().ToDictionary(SessionFilter.NameOf, StringComparer.Ordinal);

    [FromQuery(Name = "player")]
    [Description("Only sessions of this family of players, as players tells them: browser, apple_core_media, exo_player, ffmpeg, vlc, mpv, g_streamer, tool, unknown.")]
    public string? Player { get; init; }

    [FromQuery(Name = "rendition")]
    [Description("Only sessions that fetched a segment of this Rendition, as renditions names it.")]
    public string? Rendition { get; init; }

    [FromQuery(Name = "captions")]
    [Description("Only sessions that fetched captions of this language, as captions names it.")]
    public string? Captions { get; init; }

    [FromQuery(Name = "basis")]
    [Description("Only sessions of which this much is known: measured, buffered or fetched.")]
    public string? Basis { get; init; }

    [FromQuery(Name = "completed")]
    [Description("true: only sessions to which everything but the last second of the content was handed out; false: only the others.")]
    public string? Completed { get; init; }

    [FromQuery(Name = "trailer")]
    [Description("Only sessions with this trailer: a name (any of its versions), name@hash8, the eight digits of trailer_version, or none.")]
    public string? Trailer { get; init; }

    [FromQuery(Name = "left_from")]
    [Description("Only sessions whose last second that was handed out is this one of the content or a later one: those that retention[].left counts there.")]
    public string? LeftFrom { get; init; }

    [FromQuery(Name = "left_to")]
    [Description("Only sessions whose last second that was handed out lies before this one.")]
    public string? LeftTo { get; init; }

    [FromQuery(Name = "watched_from")]
    [Description("Only sessions to which at least this share of the content was handed out, 0 to 1: watch_seconds divided by content_seconds. Where that length is unknown there is no share.")]
    public string? WatchedFrom { get; init; }

    [FromQuery(Name = "watched_to")]
    [Description("Only sessions to which less than this share of the content was handed out, 0 to 1; 1 takes those to which all of it was.")]
    public string? WatchedTo { get; init; }

    [FromQuery(Name = "audience")]
    [Description("people: without programs that fetch streams and show them to nobody (player=tool); tools: these alone; all unless given.")]
    public string? Audience { get; init; }

    /// <returns>What is wrong; null where nothing is.</returns>
    public ProblemHttpResult? Read(TrailerLibrary library, out SessionFilter filter)
    {
        filter = SessionFilter.Any;
        PlayerFamily? player = null;
        if (Player is not null)
        {
            if (!Players.TryGetValue(Player, out var family))
                return WrongName("player", Player, Players.Keys);
            player = family;
        }
        Basis? basis = null;
        if (Basis is not null)
        {
            if (!Bases.TryGetValue(Basis, out var known))
                return WrongName("basis", Basis, Bases.Keys);
            basis = known;
        }
        if (Completed is not (null or "true" or "false"))
            return WrongName("completed", Completed, ["true", "false"]);
        if (ReadTrailer(library.Snapshot, out var trailers) is { } wrongTrailer)
            return wrongTrailer;
        (int From, int To)? left = null;
        if (LeftFrom is not null || LeftTo is not null)
        {
            if (!TrySecond(LeftFrom, 0, out var leftFrom))
                return RangeQuery.Wrong("left_from", "a whole second of the content, for instance 12");
            if (!TrySecond(LeftTo, int.MaxValue, out var leftTo) || leftTo <= leftFrom)
                return RangeQuery.Wrong("left_to", "a whole second of the content, later than left_from");
            left = (leftFrom, leftTo);
        }
        if (!TryShare(WatchedFrom, out var watchedFrom))
            return RangeQuery.Wrong("watched_from", "a share of the content from 0 to 1, for instance 0.25");
        if (!TryShare(WatchedTo, out var watchedTo) || watchedFrom > watchedTo || (watchedFrom == watchedTo && watchedTo < 1))
            return RangeQuery.Wrong("watched_to", "a share of the content from 0 to 1, more than watched_from");
        if (Audience is not (null or "people" or "tools" or "all"))
            return WrongName("audience", Audience, ["people", "tools", "all"]);
        filter = new SessionFilter(player, Rendition, Captions, basis, Completed is null ? null : Completed == "true", trailers, left, Audience is null or "all" ? null : Audience == "tools", watchedFrom, watchedTo);
        return null;
    }

    /// <summary>What was asked for, by the names of the parameters.</summary>
    public IEnumerable<KeyValuePair<string, string>> Given() =>
        from pair in ((string Name, string? Value)[])[("player", Player), ("rendition", Rendition), ("captions", Captions), ("basis", Basis), ("completed", Completed), ("trailer", Trailer), ("left_from", LeftFrom), ("left_to", LeftTo), ("watched_from", WatchedFrom), ("watched_to", WatchedTo), ("audience", Audience)]
        where pair.Value is not null
        select KeyValuePair.Create(pair.Name, pair.Value);

    private static bool TrySecond(string? text, int otherwise, out int second)
    {
        second = otherwise;
        return text is null || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out second);
    }

    private static bool TryShare(string? text, out double? share)
    {
        share = null;
        if (text is null)
            return true;
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || number is not (>= 0 and <= 1))
            return false;
        share = number;
        return true;
    }

    internal static ProblemHttpResult WrongName(string parameter, string written, IEnumerable<string> known) =>
        RangeQuery.Wrong(parameter, $"one of {string.Join(", ", known.Take(50))}{RangeQuery.Meant(written, known)}");

    private ProblemHttpResult? ReadTrailer(TrailerSnapshot trailers, out IReadOnlyList<uint>? ids)
    {
        ids = null;
        if (Trailer is null)
            return null;
        if (Trailer == "none")
            ids = [0];
        else if (trailers.Versions.Where(version => version.Name == Trailer || version.Label == Trailer).Select(version => version.Id).Distinct().ToArray() is { Length: > 0 } named)
            ids = named;
        // The library may have lost what sessions still have.
        else if (Trailer.Length == 8 && uint.TryParse(Trailer, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hash))
            ids = [hash];
        else return WrongName("trailer", Trailer, trailers.Versions.SelectMany(version => new[] { version.Name, version.Label }).Append("none").Distinct(StringComparer.Ordinal));
        return null;
    }
}
