using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using HlsGateway.Catalogue;
using HlsGateway.Media;
using HlsGateway.Playlists;
using HlsGateway.Subtitles;

namespace HlsGateway.Transcoding;

/// <summary>The text tracks of an upload as ffmpeg wrote them out. A track that is empty, too large or broken is left out: the video matters more.</summary>
internal static class EmbeddedCaptions
{
    /// <summary>ISO 639-2 has two codes for some languages; the platform knows the terminological one.</summary>
    private static readonly Dictionary<string, string> Bibliographic =
        "alb sq arm hy baq eu bur my chi zh cze cs dut nl fre fr geo ka ger de gre el ice is mac mk mao mi may ms per fa rum ro slo sk tib bo wel cy"
            .Split(' ').Chunk(2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

    private static readonly Lazy<Dictionary<string, string>> Terminological = new(() =>
        CultureInfo.GetCultures(CultureTypes.NeutralCultures).Where(culture => culture.TwoLetterISOLanguageName.Length == 2 && culture.ThreeLetterISOLanguageName.Length == 3)
            .GroupBy(culture => culture.ThreeLetterISOLanguageName, StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.First().TwoLetterISOLanguageName, StringComparer.Ordinal));

    /// <param name="outputs">Holds each as <see cref="EncodeArguments.Caption"/>.</param>
    /// <exception cref="SandboxException">A track is no file.</exception>
    public static async Task<ImmutableArray<PublishedCaptions>> ReadAsync(UntrustedFolder outputs, ImmutableArray<TextTrack> tracks, CancellationToken ct)
    {
        var captions = ImmutableArray.CreateBuilder<PublishedCaptions>();
        for (var i = 0; i < tracks.Length; i++)
        {
            await using var file = outputs.Find(EncodeArguments.Caption(i));
            if (file is null || file.Length > WebVtt.MaxBytes)
                continue;
            var bytes = await file.ReadAllAsync(WebVtt.MaxBytes, ct);
            if (bytes.AsSpan().IndexOf(" --> "u8) < 0 || !WebVtt.TryParse(bytes, out _, out _))
                continue;
            var language = LanguageOf(tracks[i].Language);
            // One language is one track: a second one says so in its tag.
            var unique = language;
            for (var n = 2; captions.Any(other => other.Language == unique); n++)
                unique = string.Create(CultureInfo.InvariantCulture, $"{language}-x-track{n}");
            captions.Add(new PublishedCaptions(unique, NameOf(tracks[i].Title, unique), tracks[i].HearingImpaired, Encoding.UTF8.GetString(bytes)));
        }

        return captions.ToImmutable();
    }

    /// <summary>BCP 47's shortest tag of what the container says; <c>und</c> where it says nothing that is one.</summary>
    internal static string LanguageOf(string said)
    {
        var lower = said.ToLowerInvariant();
        if (Bibliographic.TryGetValue(lower, out var two) || Terminological.Value.TryGetValue(lower, out two))
            return two;
        return LanguageTag.TryRead(said, out var tag) ? tag : "und";
    }

    private static string? NameOf(string title, string language)
    {
        var name = title.Trim();
        return CaptionProblems.IsName(name) ? name : language.StartsWith("und", StringComparison.Ordinal) ? "Captions" : null;
    }
}
