using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json.Serialization;

namespace HlsGateway.Trailers;

/// <summary>Whether a trailer plays before or after the content.</summary>
internal enum TrailerPosition
{
    /// <summary>After it.</summary>
    Post,

    /// <summary>Before it.</summary>
    Pre,
}

/// <summary>The trailer version that an entry of the schedule selects.</summary>
internal readonly record struct ChosenTrailer(TrailerVersion Version, TrailerPosition Position);

/// <summary>One entry of the schedule, as it is kept: which trailer goes with which videos, and when.</summary>
/// <param name="Trailer">A name (its latest version), or <c>name@hash8</c>; null means no trailer.</param>
/// <param name="Videos">Glob over the video's id, where <c>*</c> also stands for slashes; null means all.</param>
/// <param name="From">Inclusive; null means always has been.</param>
/// <param name="Until">Exclusive; null means for ever. The API calls it <c>to</c>.</param>
/// <param name="Position">Where it stands.</param>
internal sealed record ActiveTrailer(
    string? Trailer, string? Videos = null, DateTimeOffset? From = null, DateTimeOffset? Until = null, TrailerPosition Position = TrailerPosition.Post)
{
    /// <summary>The entry's own, through all its changes.</summary>
    public Guid Id { get; init; }

    /// <summary>Null: from configuration, or from before entries had it.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Who added it or changed it last; null as above.</summary>
    public string? Actor { get; init; }

    /// <summary>It has no window: it is what plays wherever no other entry does.</summary>
    [JsonIgnore]
    public bool IsStanding => From is null && Until is null;

    public bool Covers(string video, DateTimeOffset now) => IsOn(now) && (Videos is null || VideoGlob.Matches(Videos, video));

    public bool IsOn(DateTimeOffset now) =>
        !(From > now) && !(Until <= now);

    public bool IsOver(DateTimeOffset now) => Until <= now;

    /// <summary>With an id: that of an entry that has none follows from what it says, so that all gateways give it the same.</summary>
    public ActiveTrailer Named() => Id != Guid.Empty ? this : this with
    {
        Id = new Guid(XxHash128.Hash(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Trailer}\n{Videos}\n{From:O}\n{Until:O}\n{Position}")))),
    };

    /// <summary><c>xmas before the content for shows/* from 2026-12-24T00:00:00.000Z to 2026-12-27T00:00:00.000Z</c>.</summary>
    public override string ToString() => string.Concat(
        Trailer ?? "none", Position == TrailerPosition.Pre ? " before the content" : "", Videos is null ? "" : " for " + Videos,
        From is { } from ? " from " + Rfc3339.Text(from) : "", Until is { } to ? " to " + Rfc3339.Text(to) : "");
}
