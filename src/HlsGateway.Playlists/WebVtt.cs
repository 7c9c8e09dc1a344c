using System.Text;
using System.Text.Unicode;

namespace HlsGateway.Playlists;

/// <summary>Reads caption files as editors send them: WebVTT (W3C, section 6) or SRT, with what real files get wrong (rule W6).</summary>
public static class WebVtt
{
    /// <summary>1 MiB.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>
    /// Reads <paramref name="file"/>. Accepted: BOM, CRLF and lone CR, a missing header, comma decimals, hours left out, cues in any
    /// order or overlapping. Left out without complaint: comments, an X-TIMESTAMP-MAP, cues without text or of no length.
    /// Refused with line and reason: too large, not text, unreadable times, an end before its start, too much text in one cue, no cue.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> file, out CaptionFile? captions, out PlaylistError error)
    {
        captions = null;
        if (!TryDecode(file, out var text, out error))
            return false;

        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        captions = new CaptionReader(lines).Read(out error);
        return captions is not null;
    }

    /// <summary>True when the file says of itself that it is WebVTT; otherwise it is SRT, or WebVTT without its header.</summary>
    public static bool HasHeader(ReadOnlySpan<byte> file)
    {
        if (file.StartsWith(Encoding.UTF8.Preamble))
            file = file[3..];
        return file.StartsWith("WEBVTT"u8) && (file.Length == 6 || file[6] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r');
    }

    public static PlaylistError TooLarge { get; } = new("The file is larger than 1 MiB.", 0);

    /// <summary>What any file must be, also one that is not finished yet: text within the size limit.</summary>
    public static bool IsText(ReadOnlySpan<byte> file, out PlaylistError error) => TryDecode(file, out _, out error);

    /// <summary>How far a file that is still being written reaches: the end of the last cue whose times are there whole, milliseconds; 0 without one.</summary>
    public static int EndSoFar(ReadOnlySpan<byte> file)
    {
        var whole = file[..(file.LastIndexOf((byte)'\n') + 1)];
        var arrow = whole.LastIndexOf("-->"u8);
        if (arrow < 0)
            return 0;
        var line = whole[(whole[..arrow].LastIndexOf((byte)'\n') + 1)..];
        return CaptionTime.Read(Encoding.UTF8.GetString(line[..line.IndexOf((byte)'\n')]), out _, out var endMs, out _, out _, out _) == CaptionTime.Line.Times ? endMs : 0;
    }

    private static bool TryDecode(ReadOnlySpan<byte> file, out string text, out PlaylistError error)
    {
        text = "";
        error = default;
        if (file.Length > MaxBytes)
        {
            error = TooLarge;
            return false;
        }

        if (file.IndexOf((byte)0) is >= 0 and var nul)
        {
            error = new PlaylistError("The file is not text: it holds a NUL byte. Save it as UTF-8.", LineAt(file, nul));
            return false;
        }

        if (!Utf8.IsValid(file))
        {
            error = new PlaylistError("The text is not UTF-8. Save the file as UTF-8.", LineAt(file, FirstInvalid(file)));
            return false;
        }

        text = Encoding.UTF8.GetString(file.StartsWith(Encoding.UTF8.Preamble) ? file[3..] : file);
        return true;
    }

    private static int FirstInvalid(ReadOnlySpan<byte> file)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(file[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
            at += length;
        return at;
    }

    private static int LineAt(ReadOnlySpan<byte> file, int at)
    {
        var before = file[..at];
        return 1 + before.Count((byte)'\n') + before.Count((byte)'\r') - before.Count("\r\n"u8);
    }
}
