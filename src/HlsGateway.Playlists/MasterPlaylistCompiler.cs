namespace HlsGateway.Playlists;

/// <summary>Writes the template of a Master Playlist: copies from mark to mark, and at each mark what the edit calls for.</summary>
internal static class MasterPlaylistCompiler
{
    public static PlaylistTemplate Compile(MasterPlaylist playlist, MasterEdit edit)
    {
        var text = playlist.Text.Span;
        var uris = UriQuestions.Ask(text, playlist.Marks, [], playlist.Variables, edit.Rewrite, out var addedLength);
        var changed = edit.Trailer is not null || edit.Captions.Count > 0 || uris.AsSpan().ContainsAnyExcept(RewrittenUri.Keep);
        var version = changed ? Math.Max(playlist.DeclaredVersion, playlist.NeededVersion) : playlist.DeclaredVersion;

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
                case MarkKind.AfterFirstLine:
                    builder.CopyTo(mark.Start);
                    if (playlist.DeclaredVersion == 0 && version > 1)
                        HeaderTags.WriteVersionLine(builder, version);
                    if (!edit.Steering.IsKeep && !NamesPathways(text))
                        WriteSteering(builder, edit.Steering);
                    break;
                case MarkKind.Version:
                    HeaderTags.WriteVersion(builder, text, mark, version);
                    break;
                case MarkKind.StartOffset when edit.Trailer is not null:
                    HeaderTags.WriteStartOffset(builder, text, mark, Seconds.FromMilliseconds(edit.TrailerDurationMs), edit.TrailerBefore);
                    break;
                case MarkKind.Captions when edit.Captions.Count > 0:
                    builder.CopyTo(mark.Start);
                    playlist.Subtitles.Write(builder, edit.Captions);
                    break;
                case MarkKind.StreamInf:
                    WriteStreamInf(builder, playlist, mark, edit);
                    break;
                case MarkKind.Repeated:
                case MarkKind.IFrameStream when edit.Trailer is not null:
                    builder.Replace(mark);
                    break;
            }
        }

        builder.CopyRest();
        return builder.Build();
    }

    private static bool NamesPathways(ReadOnlySpan<byte> text) => text.IndexOf("#EXT-X-CONTENT-STEERING"u8) >= 0 || text.IndexOf("PATHWAY-ID="u8) >= 0;

    private static void WriteSteering(TemplateBuilder builder, RewrittenUri manifest)
    {
        builder.Write("#EXT-X-CONTENT-STEERING:SERVER-URI="u8);
        builder.WriteQuoted(manifest);
        builder.Write(",PATHWAY-ID=\".\"\n"u8);
    }

    /// <remarks>
    /// AVERAGE-BANDWIDTH stays: a trailer of some seconds hardly moves the average of the content, a higher figure would make players
    /// choose a lower rung for all of it, and it remains at most BANDWIDTH, which only rises.
    /// </remarks>
    private static void WriteStreamInf(TemplateBuilder builder, MasterPlaylist playlist, in Mark mark, MasterEdit edit)
    {
        var list = playlist.Text.Span.Slice(mark.Start, mark.Length);
        if (edit.Trailer is not null && mark.Index >= 0)
            WriteTrailerPeak(builder, playlist.Variants[mark.Index].Bandwidth, list, mark, edit.Trailer(mark.Index));

        if (edit.Captions.Count == 0 || new AttributeList(list).Find("SUBTITLES"u8))
            return;
        builder.CopyTo(mark.Start + mark.Length);
        if (!list.IsEmpty && list[^1] != (byte)',')
            builder.Write(","u8);
        builder.Write($"SUBTITLES=\"{playlist.Subtitles.First}\"");
    }

    /// <summary>Rule S9: BANDWIDTH is a peak over all segments, CODECS names every format that occurs.</summary>
    private static void WriteTrailerPeak(TemplateBuilder builder, int bandwidth, ReadOnlySpan<byte> list, in Mark mark, TrailerPeak peak)
    {
        var attributes = new AttributeList(list);
        var sawBandwidth = false;
        var sawCodecs = false;
        while (attributes.Read())
        {
            var value = new Mark(MarkKind.StreamInf, mark.Start + attributes.ValueStart, attributes.ValueLength, mark.Line);
            if (attributes.Name.SequenceEqual("BANDWIDTH"u8) && !sawBandwidth)
            {
                sawBandwidth = true;
                if (peak.Bandwidth <= bandwidth)
                    continue;
                builder.Replace(value);
                builder.Write(peak.Bandwidth);
            }
            else if (attributes.Name.SequenceEqual("CODECS"u8) && !sawCodecs)
            {
                sawCodecs = true;
                var present = PlaylistText.Decode(attributes.Value);
                var missing = MissingCodecs(present, peak.Codecs);
                if (missing.Length == 0)
                    continue;
                builder.Replace(value);
                builder.Write($"\"{present}{(present.Length == 0 ? "" : ",")}{TemplateBuilder.Quotable(missing)}\"");
            }
        }
    }

    /// <param name="wanted">Null in a peak that was left at its default.</param>
    private static string MissingCodecs(string present, string? wanted)
    {
        const StringSplitOptions Clean = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        var known = present.Split(',', Clean);
        return string.Join(',', (wanted ?? "").Split(',', Clean).Where(codec => !known.Contains(codec, StringComparer.OrdinalIgnoreCase)).Distinct(StringComparer.OrdinalIgnoreCase));
    }
}
