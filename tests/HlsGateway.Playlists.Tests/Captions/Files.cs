using System.Text;

namespace HlsGateway.Playlists.Tests.Captions;

internal static class Files
{
    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static CaptionFile Parse(string text) =>
        WebVtt.TryParse(Bytes(text), out var file, out var error) ? file! : throw new InvalidOperationException(error.ToString());

    public static PlaylistError Refusal(ReadOnlySpan<byte> bytes)
    {
        Assert.False(WebVtt.TryParse(bytes, out var file, out var error));
        Assert.Null(file);
        return error;
    }

    public static PlaylistError Refusal(string text) => Refusal(Bytes(text));

    /// <summary>The whole file as one segment, checked strictly.</summary>
    public static SeenSegment Whole(CaptionFile file) => StrictWebVtt.Read(CaptionSegment.Render(file, 0, int.MaxValue, int.MaxValue, 0));

    public static string Srt(params (string Times, string Text)[] cues) =>
        string.Concat(cues.Select((cue, i) => $"{i + 1}\n{cue.Times}\n{cue.Text}\n\n"));
}
