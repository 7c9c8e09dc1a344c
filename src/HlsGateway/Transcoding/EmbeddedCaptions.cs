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
    internal static string LanguageOf(string said) => LanguageTag.TryRead(said, out var tag) ? Languages.Canonical(tag) : "und";

    private static string? NameOf(string title, string language)
    {
        var name = title.Trim();
        return CaptionProblems.IsName(name) ? name : language.StartsWith("und", StringComparison.Ordinal) ? "Captions" : null;
    }
}
