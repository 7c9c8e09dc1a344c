namespace HlsGateway.Playlists;

/// <summary>Asks the shell about every URI of a playlist before anything is written, so that it is known whether anything changes at all.</summary>
internal static class UriQuestions
{
    /// <param name="segments">Empty for a Master Playlist.</param>
    /// <param name="addedLength">How many bytes the answers may add, for the size of the buffer.</param>
    /// <returns>One answer per mark; <see cref="RewrittenUri.Keep"/> for marks that are no URI.</returns>
    public static RewrittenUri[] Ask(
        ReadOnlySpan<byte> text, ReadOnlySpan<Mark> marks, ReadOnlySpan<MediaSegment> segments, Variables variables, UriRewriter rewrite, out int addedLength)
    {
        var answers = new RewrittenUri[marks.Length];
        addedLength = 0;
        for (var at = 0; at < marks.Length; at++)
        {
            ref readonly var mark = ref marks[at];
            if (!mark.IsUri)
                continue;

            var written = text.Slice(mark.Start, mark.Length);
            // What only the player can resolve, and what is no URI once it is resolved, stays as it stands.
            if (Variables.HasReference(written) && !(variables.TryResolve(AttributeList.Unquote(written), mark.Line, out var resolved) && IsUri(resolved)))
                continue;
            var answer = rewrite(mark.Uri == UriKind.Segment ? Site(mark, segments[mark.Index]) : Site(mark, written, variables));
            answers[at] = answer;
            if (!answer.IsKeep)
                addedLength += answer.BeforeToken.Length + (answer.AfterToken is { } after ? after.Length + PlaylistTemplate.TokenLength : 0);
        }

        return answers;
    }

    private static UriSite Site(in Mark mark, in MediaSegment segment) =>
        new(UriKind.Segment, mark.Index, segment.Uri, segment.Duration, segment.StartMs, segment.DurationMs, mark.Line);

    public static UriSite Site(in Mark mark, ReadOnlySpan<byte> written, Variables variables)
    {
        variables.TryResolve(AttributeList.Unquote(written), mark.Line, out var uri);
        return new(mark.Uri, mark.Index, uri.Trim(' ', '\t'), Duration: null, StartMs: 0, DurationMs: 0, mark.Line);
    }

    private static bool IsUri(string resolved) => resolved.AsSpan().Trim(" \t") is { IsEmpty: false } uri && uri[0] != '#';

    /// <summary>Puts an answer in its mark's place.</summary>
    public static void Write(TemplateBuilder builder, in Mark mark, RewrittenUri answer)
    {
        if (answer.IsKeep)
            return;
        builder.Replace(mark);
        if (mark.Kind == MarkKind.UriLine)
            builder.WriteUriLine(answer);
        else
            builder.WriteQuoted(answer);
    }
}
