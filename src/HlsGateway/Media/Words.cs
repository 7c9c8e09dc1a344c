using FFMpegCore;
using FFMpegCore.Arguments;

namespace HlsGateway.Media;

/// <summary>Words that FFMpegCore has no option for, quoted as it quotes its own.</summary>
internal sealed class Words(params string[] words) : IArgument
{
    public string Text => ArgumentText.Join(words);
}

/// <summary>A graph of filters: its chains, the first of which reads the inputs.</summary>
internal sealed class FilterGraph(IEnumerable<string> chains) : IArgument
{
    public string Text { get; } = ArgumentText.Join(["-filter_complex", string.Join(';', chains)]);
}

/// <summary>What the HLS muxer's segments are and are called.</summary>
/// <param name="container"><c>ts</c> or <c>fmp4</c>.</param>
/// <param name="name">Without extension, with <c>%d</c> for the number.</param>
internal sealed class HlsSegments(string container, string name) : IArgument
{
    public const string InitFile = "init.mp4";

    public string Text => ArgumentText.Join(container == "fmp4"
        ? ["-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", InitFile, "-hls_segment_filename", name + ".m4s"]
        : ["-hls_segment_type", "mpegts", "-hls_segment_filename", name + ".ts"]);
}

internal static class WordsExtensions
{
    public static FFMpegOutputOptions With(this FFMpegOutputOptions options, params string[] words) => options.WithArgument(new Words(words));
}
