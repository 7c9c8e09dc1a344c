using System.Net;
using System.Net.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace HlsGateway.Playback;

/// <summary>
/// Which headers cross between a viewer and an origin whose file is streamed. Both are lists of what may pass: a header that is not
/// known here may be a cookie, a policy, a report address or a command to the browser, which would apply to our whole site.
/// </summary>
internal static class ForeignHeaders
{
    /// <summary>Which player asks, and for what; no credential, no address, no referring page.</summary>
    private static readonly string[] Requested =
    [
        HeaderNames.Accept, HeaderNames.AcceptEncoding, HeaderNames.AcceptLanguage, HeaderNames.UserAgent,
        HeaderNames.Range, HeaderNames.IfRange, HeaderNames.IfMatch, HeaderNames.IfNoneMatch, HeaderNames.IfModifiedSince, HeaderNames.IfUnmodifiedSince,
    ];

    /// <summary>What the bytes are, which range they are, and the validators of a cached copy.</summary>
    private static readonly string[] Answered =
    [
        HeaderNames.ContentType, HeaderNames.ContentLength, HeaderNames.ContentEncoding, HeaderNames.ContentLanguage, HeaderNames.ContentRange,
        HeaderNames.AcceptRanges, HeaderNames.ETag, HeaderNames.LastModified, HeaderNames.Vary, HeaderNames.RetryAfter,
    ];

    public static void CopyRequest(IHeaderDictionary from, HttpRequestHeaders to)
    {
        foreach (var name in Requested)
        {
            if (from.TryGetValue(name, out var values))
                to.TryAddWithoutValidation(name, values.ToArray());
        }
    }

    /// <summary>The answer keeps the headers that it already has: ours.</summary>
    public static void CopyAnswer(HttpResponseMessage from, IHeaderDictionary to)
    {
        foreach (var name in Answered)
        {
            if (from.Headers.NonValidated.TryGetValues(name, out var values) || from.Content.Headers.NonValidated.TryGetValues(name, out values))
                to[name] = values.ToArray();
        }

        // The server frames the answer itself: a chunked answer has no length, and neither has one without a body.
        if (from.Headers.TransferEncodingChunked is true || from.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.ResetContent)
            to.ContentLength = null;
        // A poster or a key may be kept for as long as the origin says; an error, or what the origin says nothing about, may not.
        if (from.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent or HttpStatusCode.NotModified && from.Headers.CacheControl is { } control)
        {
            to.CacheControl = control.ToString();
            if (from.Headers.Age is { } age)
                to.Age = ((long)age.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
    }
}
