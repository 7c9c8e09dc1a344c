namespace HlsGateway.Playlists;

/// <summary>Writes the template of a Media Playlist: copies from mark to mark, and at each mark what the edit calls for.</summary>
internal static class MediaPlaylistCompiler
{
    public static PlaylistTemplate Compile(MediaPlaylist playlist, MediaEdit edit)
    {
        // Rule S11: a playlist without an end is live, or not finished.
        var spliceable = playlist.HasEndList && !playlist.IsTrickPlay;
        // Without a segment there is nothing to put a trailer before; in a delta update it would stand after the skipped segments.
        var before = spliceable && edit.Trailer is { Before: true } && !playlist.Segments.IsEmpty && !playlist.IsDelta;
        if (before)
        {
            var prepared = ExplicitIvs.Write(playlist) is { } explicitly ? HeadersFirst.Write(explicitly) : null;
            before = prepared is not null;
            playlist = prepared ?? playlist;
        }

        var text = playlist.Text.Span;
        var facts = playlist.Facts;
        var splice = spliceable && edit.Trailer is { } trailer && trailer.Before == before ? new TrailerSplice(trailer) : null;
        var uris = UriQuestions.Ask(text, playlist.Marks, playlist.Segments.AsSpan(), playlist.Variables, edit.Rewrite, out var addedLength);
        var interstitial = spliceable && !playlist.Segments.IsEmpty ? edit.Interstitial : null;
        // Rule D6: EXT-X-ENDLIST stands last, also where the source has it before its segments.
        var lastSegment = Array.FindLastIndex(playlist.Marks, mark => mark.IsUri && mark.Uri == UriKind.Segment);
        var endsEarly = before && Array.FindIndex(playlist.Marks, mark => mark.Kind == MarkKind.EndList) < lastSegment;
        var changed = splice is not null || interstitial is not null || uris.AsSpan().ContainsAnyExcept(RewrittenUri.Keep);
        var timing = playlist.Timing;
        var version = changed ? Math.Max(timing.Version, splice?.NeededVersion ?? 0) : facts.DeclaredVersion;
        var target = splice is null ? playlist.TargetDuration : timing.With(splice.Longest);

        var builder = new TemplateBuilder(playlist.Text, text.Length + addedLength);
        for (var at = 0; at < playlist.Marks.Length; at++)
        {
            ref readonly var mark = ref playlist.Marks[at];
            if (mark.Start < builder.Position)
                continue; // In a line that was left out.

            switch (mark.Kind)
            {
                case MarkKind.UriLine or MarkKind.UriAttribute:
                    UriQuestions.Write(builder, mark, uris[at]);
                    break;
                case MarkKind.ByteRange when changed && mark.Index < playlist.Segments.Length:
                    // Rule I4: with parameters of its own each URI is another resource, and "after the range before" has no meaning.
                    builder.Replace(mark);
                    builder.Write(playlist.Segments[mark.Index].RangeLength.GetValueOrDefault());
                    builder.Write("@"u8);
                    builder.Write(playlist.Segments[mark.Index].RangeOffset.GetValueOrDefault());
                    break;
                case MarkKind.AfterFirstLine:
                    builder.CopyTo(mark.Start);
                    if (facts.DeclaredVersion == 0 && version > 1)
                        HeaderTags.WriteVersionLine(builder, version);
                    if (splice is not null && !facts.HasTargetDuration)
                        WriteTargetDurationLine(builder, target);
                    break;
                case MarkKind.BeforeFirstSegment when before:
                    builder.CopyTo(mark.Start);
                    splice?.WriteBefore(builder, discontinuity: !playlist.Segments[0].Discontinuity);
                    break;
                case MarkKind.BeforeFirstSegment when interstitial is not null:
                    builder.CopyTo(mark.Start);
                    WriteInterstitial(builder, interstitial, facts.FirstDate);
                    break;
                case MarkKind.Version:
                    HeaderTags.WriteVersion(builder, text, mark, version);
                    break;
                case MarkKind.TargetDuration:
                    HeaderTags.WriteNumber(builder, text, mark, target);
                    break;
                case MarkKind.StartOffset when splice is not null:
                    HeaderTags.WriteStartOffset(builder, text, mark, splice.Total, before);
                    break;
                case MarkKind.Repeated:
                case MarkKind.EndList when endsEarly || (splice is not null && !before):
                case MarkKind.Dangling when splice is not null && !before:
                    builder.Replace(mark);
                    break;
            }
        }

        builder.CopyRest();
        if (!before)
            splice?.WriteBehind(builder, facts.EncryptedAtEnd, facts.BitrateAtEnd);
        else if (endsEarly)
            TrailerSplice.WriteEnd(builder);
        return builder.Build();
    }

    /// <remarks>
    /// A date range stands on the clock of EXT-X-PROGRAM-DATE-TIME: content without one gets one, any date, the same in all
    /// Renditions. CUE decides when it plays, not the date.
    /// </remarks>
    private static void WriteInterstitial(TemplateBuilder builder, Interstitial interstitial, string? date)
    {
        if (date is null)
            builder.Write($"#EXT-X-PROGRAM-DATE-TIME:{AnyDate}\n");
        builder.Write("#EXT-X-DATERANGE:ID="u8);
        builder.WriteQuoted(interstitial.Id);
        builder.Write(",CLASS=\"com.apple.hls.interstitial\",START-DATE="u8);
        builder.WriteQuoted(date ?? AnyDate);
        builder.Write($",DURATION={interstitial.Duration},CUE=\"{(interstitial.Before ? "PRE" : "POST")}\",X-ASSET-URI=");
        builder.WriteQuoted(interstitial.Asset);
        builder.Write(",X-RESUME-OFFSET=0\n"u8);
    }

    private const string AnyDate = "2000-01-01T00:00:00.000Z";

    private static void WriteTargetDurationLine(TemplateBuilder builder, int target)
    {
        builder.Write("#EXT-X-TARGETDURATION:"u8);
        builder.Write(target);
        builder.Write("\n"u8);
    }
}
