using Microsoft.Net.Http.Headers;

namespace HlsGateway.Subtitles;

/// <summary><c>If-Match</c> and <c>If-None-Match: *</c> of a change (RFC 9110 sections 13.1.1 and 13.1.2).</summary>
/// <param name="Match">ETags, one of which the captions must have; <c>*</c>: any captions; null: no such condition.</param>
/// <param name="OnlyNew">There must be no captions yet.</param>
internal readonly record struct CaptionPrecondition(IReadOnlyList<string>? Match, bool OnlyNew)
{
    public bool IsNone => Match is null && !OnlyNew;

    public static CaptionPrecondition Of(HttpRequest request)
    {
        var asked = request.Headers.IfMatch.Count > 0;
        IReadOnlyList<string>? match = null;
        // A header that cannot be read matches nothing: a refusal is better than a lost edit.
        if (asked)
            match = EntityTagHeaderValue.TryParseList(request.Headers.IfMatch.ToArray().OfType<string>().ToList(), out var tags) ? [.. tags.Where(tag => !tag.IsWeak).Select(tag => tag.Tag.ToString())] : [];
        return new(match, request.Headers.IfNoneMatch.Contains("*"));
    }

    /// <param name="etag">ETag of the captions now; null when there are none.</param>
    public bool Allows(string? etag) =>
        (Match is null || (etag is not null && Match.Any(tag => tag is "*" || string.Equals(tag, etag, StringComparison.Ordinal)))) && !(OnlyNew && etag is not null);
}
