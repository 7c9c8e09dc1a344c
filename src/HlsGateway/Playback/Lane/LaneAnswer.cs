using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using HlsGateway.Playlists;

namespace HlsGateway.Playback.Lane;

/// <summary>The bytes of an answer, as Kestrel writes those of <see cref="WatchAnswer"/>: the same headers in the same order.</summary>
internal static class LaneAnswer
{
    private static DateLine date = new(0);

    /// <param name="Second">Since year 1.</param>
    private sealed record DateLine(long Second)
    {
        public byte[] Text { get; } = Encoding.ASCII.GetBytes($"Date: {new DateTime(Second * TimeSpan.TicksPerSecond, DateTimeKind.Utc).ToString("R", CultureInfo.InvariantCulture)}\r\n");
    }

    private static ReadOnlySpan<byte> RedirectTop => "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"u8;

    private static ReadOnlySpan<byte> RedirectMiddle => "Access-Control-Allow-Origin: *\r\nCache-Control: no-store\r\nLocation: "u8;

    private static ReadOnlySpan<byte> RedirectEnd => "\r\nX-Content-Type-Options: nosniff\r\n\r\n"u8;

    private static ReadOnlySpan<byte> PlaylistTop => "HTTP/1.1 200 OK\r\nContent-Length: "u8;

    private static ReadOnlySpan<byte> PlaylistType => "\r\nContent-Type: application/vnd.apple.mpegurl\r\n"u8;

    private static ReadOnlySpan<byte> PlaylistEnd => "Access-Control-Allow-Origin: *\r\nCache-Control: no-store\r\n"u8;

    private static ReadOnlySpan<byte> VaryEnd => "Vary: Accept-Encoding\r\n"u8;

    private static ReadOnlySpan<byte> NoSniffEnd => "X-Content-Type-Options: nosniff\r\n\r\n"u8;

    /// <summary>Writes a 302; what is written goes out with the next flush.</summary>
    public static void Redirect(PipeWriter writer, ReadOnlySpan<byte> location)
    {
        var line = Date();
        var to = writer.GetSpan(RedirectTop.Length + line.Length + RedirectMiddle.Length + location.Length + RedirectEnd.Length);
        var length = 0;
        Append(to, ref length, RedirectTop);
        Append(to, ref length, line);
        Append(to, ref length, RedirectMiddle);
        Append(to, ref length, location);
        Append(to, ref length, RedirectEnd);
        writer.Advance(length);
    }

    /// <summary>Writes the head of a playlist, whose text follows, plain or zipped.</summary>
    public static void PlaylistHead(PipeWriter writer, SessionText text, PlaylistTemplate template)
    {
        var to = writer.GetSpan(512);
        var length = 0;
        Append(to, ref length, PlaylistTop);
        text.Length.TryFormat(to[length..], out var digits, provider: CultureInfo.InvariantCulture);
        length += digits;
        Append(to, ref length, PlaylistType);
        Append(to, ref length, Date());
        Append(to, ref length, PlaylistEnd);
        if (text != template)
            Append(to, ref length, "Content-Encoding: gzip\r\n"u8);
        if (WatchAnswer.MayBeZipped(template))
            Append(to, ref length, VaryEnd);
        Append(to, ref length, NoSniffEnd);
        writer.Advance(length);
    }

    private static void Append(Span<byte> to, ref int length, ReadOnlySpan<byte> part)
    {
        part.CopyTo(to[length..]);
        length += part.Length;
    }

    private static byte[] Date()
    {
        var second = DateTime.UtcNow.Ticks / TimeSpan.TicksPerSecond;
        var line = date;
        return line.Second == second ? line.Text : (date = new DateLine(second)).Text;
    }
}
