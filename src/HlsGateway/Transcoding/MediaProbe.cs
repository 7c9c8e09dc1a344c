using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace HlsGateway.Transcoding;

/// <summary>What a media file holds.</summary>
/// <param name="Container">ffprobe's name: <c>mpegts</c>, <c>mov,mp4,m4a,3gp,3g2,mj2</c>, <c>matroska,webm</c>, …</param>
/// <param name="Seconds">0 where the file does not say.</param>
/// <param name="Video">The first video stream that is not a cover picture.</param>
/// <param name="Audio">The first audio stream.</param>
/// <param name="Streams">How many streams of any kind.</param>
public sealed record MediaProbe(
    string Container, double Seconds, VideoTrack? Video, AudioTrack? Audio, ImmutableArray<TextTrack> Texts, int Streams)
{
    /// <summary>Reads ffprobe's <c>-of json</c>.</summary>
    /// <exception cref="JsonException">Not ffprobe's JSON.</exception>
    public static MediaProbe Parse(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        VideoTrack? video = null;
        AudioTrack? audio = null;
        var texts = ImmutableArray.CreateBuilder<TextTrack>();
        var streams = 0;
        foreach (var stream in root.TryGetProperty("streams", out var list) ? list.EnumerateArray() : default)
        {
            streams++;
            switch (Text(stream, "codec_type"))
            {
                case "video" when video is null && !IsPicture(stream):
                    video = VideoTrack.Read(stream, First(root, stream, "pts"), First(root, stream, "dts"));
                    break;
                case "audio" when audio is null:
                    audio = new AudioTrack(
                        Number(stream, "index"), Text(stream, "codec_name"), Text(stream, "profile"), Number(stream, "sample_rate"),
                        Number(stream, "channels"), First(root, stream, "pts"));
                    break;
                case "subtitle":
                    texts.Add(new TextTrack(
                        Number(stream, "index"), Text(stream, "codec_name"), Tag(stream, "language"), Tag(stream, "title"),
                        stream.TryGetProperty("disposition", out var marks) && Number(marks, "hearing_impaired") == 1));
                    break;
            }
        }

        var format = root.TryGetProperty("format", out var f) ? f : default;
        return new MediaProbe(Text(format, "format_name"), Longest(format, root), video, audio, texts.ToImmutable(), streams);
    }

    /// <summary>Earliest time among the packets read, in 90 kHz; B-frames make the first packet not the first shown.</summary>
    private static long? First(JsonElement root, JsonElement stream, string time)
    {
        var index = Number(stream, "index");
        long? first = null;
        foreach (var packet in root.TryGetProperty("packets", out var packets) ? packets.EnumerateArray() : default)
        {
            if (Number(packet, "stream_index") == index && Long(packet, time) is { } at
                && !Text(packet, "flags").Contains('D', StringComparison.Ordinal) && (first is null || at < first))
                first = at;
        }

        var (num, den) = Fraction(Text(stream, "time_base"));
        return first is { } value && den > 0 ? (long)((BigInteger)value * 90_000 * num / den) : null;
    }

    private static double Longest(JsonElement format, JsonElement root)
    {
        var longest = Real(format, "duration");
        if (longest <= 0 && root.TryGetProperty("streams", out var streams))
            foreach (var stream in streams.EnumerateArray())
                longest = Math.Max(longest, Real(stream, "duration"));
        return longest;
    }

    private static bool IsPicture(JsonElement stream) =>
        stream.TryGetProperty("disposition", out var d) && Number(d, "attached_pic") == 1;

    internal static string Text(JsonElement e, string name) =>
        e.ValueKind == JsonValueKind.Object && e.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.String ? v.GetString() ?? "" : "";

    internal static string Tag(JsonElement e, string name) => e.TryGetProperty("tags", out var tags) ? Text(tags, name) : "";

    internal static long? Long(JsonElement e, string name)
    {
        if (e.ValueKind != JsonValueKind.Object || !e.TryGetProperty(name, out var v))
            return null;
        if (v.ValueKind == JsonValueKind.Number)
            return v.TryGetInt64(out var n) ? n : null;
        return v.ValueKind == JsonValueKind.String && long.TryParse(v.GetString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var t) ? t : null;
    }

    internal static int Number(JsonElement e, string name) => Long(e, name) is { } n ? (int)Math.Clamp(n, int.MinValue, int.MaxValue) : 0;

    internal static double Real(JsonElement e, string name) =>
        double.TryParse(Text(e, name), NumberStyles.Float, CultureInfo.InvariantCulture, out var d) && double.IsFinite(d) ? d : 0;

    internal static (long Num, long Den) Fraction(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0
            && long.TryParse(text.AsSpan(0, slash), NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            && long.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var d) ? (n, d) : (0, 0);
    }
}

/// <param name="Index">The stream's number in its file.</param>
/// <param name="Profile">H.264 profile as shapes name it: lower case, <c>high</c>, <c>main</c>, <c>baseline</c> (constrained or not).</param>
/// <param name="Level">Ten times the level (31 = 3.1), as ffprobe says.</param>
/// <param name="Width">As shown: after rotation and pixel aspect.</param>
/// <param name="Height">As shown.</param>
/// <param name="Rotation">Degrees clockwise that a player turns the coded picture: 0, 90, 180 or 270.</param>
/// <param name="FrameRate">Fraction (<c>30000/1001</c>).</param>
/// <param name="VariableRate">The average differs from the stated rate by more than a fiftieth.</param>
/// <param name="Transfer">Colour transfer: <c>smpte2084</c> and <c>arib-std-b67</c> are HDR.</param>
/// <param name="Seconds">The stream's own duration; 0 where the file does not say.</param>
/// <param name="FirstPts">PTS of the first frame presented, 90 kHz; null when no packet was read.</param>
/// <param name="FirstDts">DTS of the first frame decoded, 90 kHz; null when no packet told.</param>
public sealed record VideoTrack(
    int Index, string Codec, string Profile, int Level, int Width, int Height, int CodedWidth, int CodedHeight, int Rotation, string FrameRate,
    bool VariableRate, string PixelFormat, string Transfer, double Seconds, long? FirstPts, long? FirstDts)
{
    public bool IsHdr => Transfer is "smpte2084" or "arib-std-b67";

    internal static VideoTrack Read(JsonElement stream, long? firstPts, long? firstDts)
    {
        int width = MediaProbe.Number(stream, "width"), height = MediaProbe.Number(stream, "height");
        int shownWidth = width, shownHeight = height;
        if (MediaProbe.Text(stream, "sample_aspect_ratio").Split(':') is [var x, var y]
            && int.TryParse(x, CultureInfo.InvariantCulture, out var num) && int.TryParse(y, CultureInfo.InvariantCulture, out var den)
            && num > 0 && den > 0 && num != den)
            shownWidth = (int)Math.Round((double)width * num / den);

        var rotation = ReadRotation(stream);
        if (rotation is 90 or 270)
            (shownWidth, shownHeight) = (shownHeight, shownWidth);

        string stated = MediaProbe.Text(stream, "r_frame_rate"), average = MediaProbe.Text(stream, "avg_frame_rate");
        double statedRate = Rate(stated), averageRate = Rate(average);
        var agrees = averageRate <= 0 || Math.Abs(statedRate - averageRate) <= averageRate / 50;
        return new VideoTrack(
            MediaProbe.Number(stream, "index"), MediaProbe.Text(stream, "codec_name"), ShapeProfile(MediaProbe.Text(stream, "profile")),
            MediaProbe.Number(stream, "level"), shownWidth, shownHeight, width, height, rotation,
            statedRate > 0 && (agrees || averageRate <= 0) ? stated : average, !agrees, MediaProbe.Text(stream, "pix_fmt"),
            MediaProbe.Text(stream, "color_transfer"), Duration(stream), firstPts, firstDts);
    }

    private static double Rate(string fraction)
    {
        var (n, d) = MediaProbe.Fraction(fraction);
        return d > 0 ? (double)n / d : 0;
    }

    /// <summary>MP4 says it in the stream, Matroska in a tag.</summary>
    private static double Duration(JsonElement stream) =>
        MediaProbe.Real(stream, "duration") is > 0 and var seconds ? seconds
        : TimeSpan.TryParse(MediaProbe.Tag(stream, "DURATION").Split('.')[0], CultureInfo.InvariantCulture, out var whole)
            && double.TryParse("0." + MediaProbe.Tag(stream, "DURATION").Split('.')[^1], CultureInfo.InvariantCulture, out var part) ? whole.TotalSeconds + part
        : 0;

    private static string ShapeProfile(string profile) => profile switch
    {
        "Constrained Baseline" or "Baseline" => "baseline",
        _ => profile.ToLowerInvariant().Replace(' ', '-'),
    };

    /// <summary>ffprobe gives the matrix's angle counter-clockwise, older files a tag clockwise.</summary>
    private static int ReadRotation(JsonElement stream)
    {
        var turn = 0;
        if (stream.TryGetProperty("side_data_list", out var list))
        {
            foreach (var side in list.EnumerateArray())
                if (side.TryGetProperty("rotation", out var angle) && angle.TryGetDouble(out var degrees))
                    turn = -(int)Math.Round(degrees);
        }
        else if (int.TryParse(MediaProbe.Tag(stream, "rotate"), CultureInfo.InvariantCulture, out var tagged))
        {
            turn = tagged;
        }

        return (((turn % 360) + 360) % 360 + 45) / 90 % 4 * 90;
    }
}

/// <param name="SampleRate">Hz.</param>
/// <param name="FirstPts">PTS of the first frame that is not discarded, 90 kHz.</param>
public sealed record AudioTrack(int Index, string Codec, string Profile, int SampleRate, int Channels, long? FirstPts);

/// <summary>A caption track inside the file.</summary>
/// <param name="Codec"><c>subrip</c>, <c>mov_text</c>, <c>webvtt</c>, <c>ass</c>, …</param>
/// <param name="Language">ISO 639-2, or empty.</param>
/// <param name="Title">What its maker called it, or empty.</param>
/// <param name="HearingImpaired">Describes sounds too.</param>
public sealed record TextTrack(int Index, string Codec, string Language, string Title, bool HearingImpaired);
