using System.IO.Enumeration;

namespace HlsGateway.Trailers;

/// <summary>One line of what is on: which trailer follows which videos, and when.</summary>
/// <param name="Trailer">A name (its latest version), or <c>name@hash8</c>; null means no trailer.</param>
/// <param name="Videos">Glob over the video's id, where <c>*</c> also stands for slashes; null means all.</param>
/// <param name="From">Inclusive; null means always has been.</param>
/// <param name="Until">Exclusive; null means for ever.</param>
public sealed record ActiveTrailer(string? Trailer, string? Videos = null, DateTimeOffset? From = null, DateTimeOffset? Until = null)
{
    public bool Covers(string video, DateTimeOffset now) =>
        !(From > now) && !(Until <= now) && (Videos is null || FileSystemName.MatchesSimpleExpression(Videos, video, ignoreCase: false));
}
