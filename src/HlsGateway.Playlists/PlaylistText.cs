using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace HlsGateway.Playlists;

/// <summary>What every playlist passes before it is read: the limits of rule D7, and one form of text (no byte order mark, LF; rule D1).</summary>
internal static class PlaylistText
{
    private const int LargestPlaylist = 8 * 1024 * 1024;
    internal const int LongestLine = 64 * 1024;

    /// <summary>Five for each URI that a playlist may hold. Empty ones too cost a tenth of a microsecond in each pass, and 8 MiB of them over a second.</summary>
    private const int MostLines = 1_000_000;

    /// <summary>C0 and DEL, and the lead byte of C1 (RFC 8216 section 4.1).</summary>
    private static readonly SearchValues<byte> ControlsOrC1Lead = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(c => (byte)c), 0x7F, 0xC2]);

    /// <param name="text">The same memory where nothing had to be changed.</param>
    public static bool TryNormalise(ReadOnlyMemory<byte> bytes, out ReadOnlyMemory<byte> text, out PlaylistError error)
    {
        text = default;
        var span = bytes.Span;
        if (span.IsEmpty)
            return Fail("The playlist is empty.", 0, out error);
        if (span.Length > LargestPlaylist)
            return Fail("The playlist is over 8 MiB.", 0, out error);

        if (span.Count((byte)'\n') > MostLines)
            return Fail("The playlist has more than 1,000,000 lines.", 0, out error);

        // The whole is searched at once, quickly; the lines only when there is something to be found in one.
        var isUtf8 = Utf8.IsValid(span);
        var hasNul = span.Contains((byte)0);
        var hasCarriageReturns = span.Contains((byte)'\r');
        var clean = hasCarriageReturns || span.StartsWith("\uFEFF"u8) ? new ArrayBufferWriter<byte>(span.Length) : null;
        var lines = new M3u8Reader(span);
        while (lines.Read())
        {
            if (lines.Text.Length > LongestLine)
                return Fail("The line is over 64 KiB.", lines.Number, out error);
            if (!isUtf8 && !Utf8.IsValid(lines.Text))
                return Fail("The line is not UTF-8.", lines.Number, out error);
            if (hasNul && lines.Text.Contains((byte)0))
                return Fail("The line holds a NUL.", lines.Number, out error);
            // Players disagree about whether it ends a line, so that nobody can say what a viewer would fetch.
            if (hasCarriageReturns && lines.Text.Contains((byte)'\r'))
                return Fail("A carriage return stands inside the line.", lines.Number, out error);
            if (lines.Number == 1 && !IsFirstLine(lines.Text))
                return Fail("The first line is not #EXTM3U.", 1, out error);
            if (clean is null)
                continue;

            clean.Write(lines.Text);
            if (lines.HasLineEnd)
                clean.Write("\n"u8);
        }

        text = clean?.WrittenMemory ?? bytes;
        error = default;
        return true;
    }

    /// <summary>True where a URI holds a control character, so that it cannot be written into a playlist or a header (RFC 8216 section 4.1).</summary>
    public static bool HasControls(ReadOnlySpan<byte> uri)
    {
        for (var at = 0; ;)
        {
            var found = uri[at..].IndexOfAny(ControlsOrC1Lead);
            if (found < 0)
                return false;
            at += found;
            // In valid UTF-8 a byte always follows C2; up to 9F it makes a C1 control.
            if (uri[at] != 0xC2 || uri[at + 1] <= 0x9F)
                return true;
            at++;
        }
    }

    public static string Decode(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);

    /// <summary>Attributes after the tag are accepted, as players do; blanks or lines before it are not.</summary>
    private static bool IsFirstLine(ReadOnlySpan<byte> line) =>
        line.StartsWith("#EXTM3U"u8) && (line.Length == 7 || line[7] is (byte)' ' or (byte)'\t');

    private static bool Fail(string reason, int line, out PlaylistError error)
    {
        error = new PlaylistError(reason, line);
        return false;
    }
}
