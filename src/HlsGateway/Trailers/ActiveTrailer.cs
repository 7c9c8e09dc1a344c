using System.IO.Enumeration;

namespace HlsGateway.Trailers;

/// <summary>Whether a trailer plays before or after the content.</summary>
internal enum TrailerPosition
{
    /// <summary>After it.</summary>
    Post,

    /// <summary>Before it.</summary>
    Pre,
}

/// <summary>The trailer version that an active line selects.</summary>
internal readonly record struct ChosenTrailer(TrailerVersion Version, TrailerPosition Position);

/// <summary>One active line: which trailer goes with which videos, and when.</summary>
/// <param name="Trailer">A name (its latest version), or <c>name@hash8</c>; null means no trailer.</param>
/// <param name="Videos">Glob over the video's id, where <c>*</c> also stands for slashes; null means all.</param>
/// <param name="From">Inclusive; null means always has been.</param>
/// <param name="Until">Exclusive; null means for ever.</param>
/// <param name="Position">Where it stands.</param>
internal sealed record ActiveTrailer(
    string? Trailer, string? Videos = null, DateTimeOffset? From = null, DateTimeOffset? Until = null, TrailerPosition Position = TrailerPosition.Post)
{
    public bool Covers(string video, DateTimeOffset now) =>
        !(From > now) && !(Until <= now) && (Videos is null || FileSystemName.MatchesSimpleExpression(Videos, video, ignoreCase: false));
}
