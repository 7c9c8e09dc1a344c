using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using FFMpegCore;

namespace HlsGateway.Media;

/// <summary>What a media file holds.</summary>
/// <param name="Container">ffprobe's name: <c>mpegts</c>, <c>mov,mp4,m4a,3gp,3g2,mj2</c>, <c>matroska,webm</c>, …</param>
/// <param name="Seconds">0 where the file does not say.</param>
/// <param name="Video">The first video stream that is not a cover picture.</param>
/// <param name="Audio">The first audio stream.</param>
/// <param name="Streams">How many streams of any kind.</param>
internal sealed record MediaProbe(
    string Container, double Seconds, VideoTrack? Video, AudioTrack? Audio, ImmutableArray<TextTrack> Texts, int Streams)
{
    /// <summary>Reads ffprobe's <c>-of json</c>.</summary>
    /// <exception cref="JsonException">Not ffprobe's JSON.</exception>
    public static MediaProbe Parse(ReadOnlyMemory<byte> json)
    {
        var analysis = ProbeJson.Parse(json.Span);
        FFProbeStream[] streams = [.. (analysis.Streams ?? []).Where(stream => stream is not null)];
        var picture = streams.FirstOrDefault(stream => stream.CodecType == "video" && !stream.Is("attached_pic"));
        var sound = streams.FirstOrDefault(stream => stream.CodecType == "audio");
        return new MediaProbe(
            analysis.Format?.FormatName ?? "", Longest(analysis.Format, streams),
            picture is null ? null : VideoTrack.Read(picture, First(analysis, picture, "pts"), First(analysis, picture, "dts")),
            sound is null ? null : new AudioTrack(
                sound.Index, sound.CodecName ?? "", sound.Profile ?? "", Whole(sound.SampleRate), sound.Channels ?? 0, First(analysis, sound, "pts")),
            [.. streams.Where(stream => stream.CodecType == "subtitle").Select(stream => new TextTrack(
                stream.Index, stream.CodecName ?? "", stream.Tag("language"), stream.Tag("title"), stream.Is("hearing_impaired")))],
            streams.Length);
    }

    /// <summary>Earliest time among the packets read, in 90 kHz; B-frames make the first packet not the first shown.</summary>
    private static long? First(FFProbeAnalysis analysis, FFProbeStream stream, string time)
    {
        long? first = null;
        foreach (var packet in analysis.Packets())
        {
            var discarded = packet.TryGetProperty("flags", out var flags) && flags.ValueKind == JsonValueKind.String
                && flags.GetString()?.Contains('D', StringComparison.Ordinal) == true;
            if (packet.Whole("stream_index") == stream.Index && packet.Whole(time) is { } at && !discarded && (first is null || at < first))
                first = at;
        }

        var (num, den) = Fraction(stream.Extra("time_base"));
        return first is { } value && den > 0 ? (long)((BigInteger)value * 90_000 * num / den) : null;
    }

    private static double Longest(FFProbeFormat? format, FFProbeStream[] streams)
    {
        var longest = Real(format?.Duration);
        return longest > 0 ? longest : streams.Select(stream => Real(stream.Duration)).Append(0).Max();
    }

    private static int Whole(string? text) => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : 0;

    internal static double Real(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) && double.IsFinite(d) ? d : 0;

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
internal sealed record VideoTrack(
    int Index, string Codec, string Profile, int Level, int Width, int Height, int CodedWidth, int CodedHeight, int Rotation, string FrameRate,
    bool VariableRate, string PixelFormat, string Transfer, double Seconds, long? FirstPts, long? FirstDts)
{
    public bool IsHdr => Transfer is "smpte2084" or "arib-std-b67";

    internal static VideoTrack Read(FFProbeStream stream, long? firstPts, long? firstDts)
    {
        int width = stream.Width ?? 0, height = stream.Height ?? 0;
        int shownWidth = width, shownHeight = height;
        if (stream.SampleAspectRatio?.Split(':') is [var x, var y]
            && int.TryParse(x, CultureInfo.InvariantCulture, out var num) && int.TryParse(y, CultureInfo.InvariantCulture, out var den)
            && num > 0 && den > 0 && num != den)
            shownWidth = (int)Math.Round((double)width * num / den);

        var rotation = ReadRotation(stream);
        if (rotation is 90 or 270)
            (shownWidth, shownHeight) = (shownHeight, shownWidth);

        string stated = stream.FrameRate ?? "", average = stream.AvgFrameRate ?? "";
        double statedRate = Rate(stated), averageRate = Rate(average);
        var agrees = averageRate <= 0 || Math.Abs(statedRate - averageRate) <= averageRate / 50;
        return new VideoTrack(
            stream.Index, stream.CodecName ?? "", ShapeProfile(stream.Profile ?? ""),
            stream.Level, shownWidth, shownHeight, width, height, rotation,
            statedRate > 0 && (agrees || averageRate <= 0) ? stated : average, !agrees, stream.PixelFormat ?? "",
            stream.ColorTransfer ?? "", Length(stream), firstPts, firstDts);
    }

    private static double Rate(string fraction)
    {
        var (n, d) = MediaProbe.Fraction(fraction);
        return d > 0 ? (double)n / d : 0;
    }

    /// <summary>MP4 says it in the stream, Matroska in a tag.</summary>
    private static double Length(FFProbeStream stream) =>
        MediaProbe.Real(stream.Duration) is > 0 and var seconds ? seconds
        : TimeSpan.TryParse(stream.Tag("DURATION").Split('.')[0], CultureInfo.InvariantCulture, out var whole)
            && double.TryParse("0." + stream.Tag("DURATION").Split('.')[^1], CultureInfo.InvariantCulture, out var part) ? whole.TotalSeconds + part
        : 0;

    private static string ShapeProfile(string profile) => profile switch
    {
        "Constrained Baseline" or "Baseline" => "baseline",
        _ => profile.ToLowerInvariant().Replace(' ', '-'),
    };

    /// <summary>ffprobe gives the matrix's angle counter-clockwise, older files a tag clockwise.</summary>
    private static int ReadRotation(FFProbeStream stream)
    {
        var turn = 0;
        if (stream.SideData is { Count: > 0 } list)
        {
            foreach (var side in list)
                if (side?.GetValueOrDefault("rotation") is { } angle && angle.TryGetValue<double>(out var degrees) && double.IsFinite(degrees))
                    turn = (int)Math.Round(-degrees % 360);
        }
        else if (int.TryParse(stream.Tag("rotate"), CultureInfo.InvariantCulture, out var tagged))
        {
            turn = tagged;
        }

        return (((turn % 360) + 360) % 360 + 45) / 90 % 4 * 90;
    }
}

/// <param name="SampleRate">Hz.</param>
/// <param name="FirstPts">PTS of the first frame that is not discarded, 90 kHz.</param>
internal sealed record AudioTrack(int Index, string Codec, string Profile, int SampleRate, int Channels, long? FirstPts);

/// <summary>A caption track inside the file.</summary>
/// <param name="Codec"><c>subrip</c>, <c>mov_text</c>, <c>webvtt</c>, <c>ass</c>, …</param>
/// <param name="Language">ISO 639-2, or empty.</param>
/// <param name="Title">What its maker called it, or empty.</param>
/// <param name="HearingImpaired">Describes sounds too.</param>
internal sealed record TextTrack(int Index, string Codec, string Language, string Title, bool HearingImpaired);
