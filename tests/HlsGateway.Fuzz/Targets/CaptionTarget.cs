using System.Text;
using HlsGateway.Playlists;

namespace HlsGateway.Fuzz.Targets;

/// <summary>An editor's captions, WebVTT or SRT: read or refused with a reason; the whole and each segment of them are WebVTT again, and the same cues.</summary>
internal static class CaptionTarget
{
    public static FuzzTarget New() => new("caption", Try, Seeds,
    [
        "WEBVTT", "\n\n", " --> ", "00:00:01.000", "00:00:02,000", "99:59:59.999", "X-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n", "STYLE\n", "::cue", "REGION\nid:r\n", "NOTE\n", "<v Ann>", "</v>", "<i>", "<00:00:01.500>", "<script>", "&amp;", "&lt;",
        "&#x41;", "align:start", "line:0%", "position:50%", "size:100%", "vertical:rl", "region:r", "\r\n", "\ufeff", "{\\an8}", "<font color=\"#fff\">", "1\n", "\u202e", "\0",
    ]);

    private static void Try(ReadOnlySpan<byte> input)
    {
        _ = WebVtt.IsText(input, out _);
        _ = WebVtt.EndSoFar(input);
        if (!WebVtt.TryParse(input, out var captions, out var error))
        {
            FuzzException.Unless(error.Reason.Length > 0, "They were refused without a reason.");
            return;
        }

        var whole = CaptionSegment.Whole(captions!);
        FuzzException.Unless(WebVtt.TryParse(whole, out var again, out var now), $"What an editor gets back is refused: {now}");
        FuzzException.Unless(captions!.Cues.AsSpan().SequenceEqual(again!.Cues.AsSpan()) && captions.Head == again.Head, "What an editor gets back are other captions.");
        FuzzException.Unless(captions.Cues.All(cue => cue.StartMs >= 0 && cue.EndMs > cue.StartMs), "A cue ends before it starts.");

        var end = Math.Min(captions.EndMs, 3_600_000);
        for (var start = 0; start < Math.Min(end, 12_000); start += 4000)
        {
            var segment = CaptionSegment.Render(captions, start, start + 4000, end, mpegts: 900_000);
            var said = Encoding.UTF8.GetString(segment);
            FuzzException.Unless(said.StartsWith("WEBVTT\nX-TIMESTAMP-MAP=", StringComparison.Ordinal) && said.LastIndexOf("\nX-TIMESTAMP-MAP", StringComparison.Ordinal) == "WEBVTT".Length, "A segment has another map than ours.");
            FuzzException.Unless(WebVtt.TryParse(segment, out _, out now) || captions.Cues.All(cue => cue.StartMs >= start + 4000 || cue.EndMs <= start), $"A segment is refused: {now}");
        }
    }

    private static readonly string[] Files =
    [
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.500 line:0 align:start\n<v Ann>Hello</v> <i>you</i>\n\nlast\n00:00:03.000 --> 00:00:09.000\nA & B\nsecond line\n",
        "WEBVTT - title\n\nSTYLE\n::cue(i) { color: red }\n\nREGION\nid:r\nwidth:40%\n\nNOTE nothing\n\n1\n00:01.000 --> 00:02.000 region:r\nText\n",
        "1\r\n00:00:01,000 --> 00:00:02,000\r\n<font color=\"#ff0000\">Hi</font>\r\n\r\n2\r\n00:00:02,000 --> 00:00:04,000\r\n{\\an8}Two\r\nlines\r\n",
        "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n00:00:00.000 --> 01:00:00.000\n&lt;b&gt;\n",
    ];

    private static IEnumerable<byte[]> Seeds() => Files.Select(Encoding.UTF8.GetBytes);
}
