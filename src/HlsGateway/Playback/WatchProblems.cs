using System.Collections.Frozen;

namespace HlsGateway.Playback;

/// <summary>What each problem below <c>/watch/</c> is called: a title belongs to a problem's type (RFC 9457 section 3.1.3), never to a status that several share.</summary>
internal static class WatchProblems
{
    private static readonly FrozenDictionary<string, string> Titles = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["bad-path"] = "The path cannot be passed on",
        ["unknown-video"] = "Nothing is published here",
        ["unknown-playlist"] = "There is no such playlist",
        ["unknown-target"] = "The address is none of this gateway's",
        ["trailer-withdrawn"] = "The trailer was withdrawn",
        ["origin-error"] = "The origin gave no usable answer",
        ["origin-no-playlist"] = "The origin's file is no usable playlist",
        ["origin-not-allowed"] = "The host is not on the list of those that may be asked",
        ["origin-redirect"] = "The origin redirects to where nobody may be sent",
        ["origin-timeout"] = "The origin took too long",
        ["origin-too-large"] = "The origin's file is too large",
        ["origin-unreachable"] = "The origin could not be reached",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static string Title(string slug) => Titles.GetValueOrDefault(slug, "The request cannot be answered");
}
