using FFMpegCore;
using FFMpegCore.Arguments;

namespace HlsGateway.Media;

/// <summary>
/// An input of a command line that runs in our own box. FFMpegCore prepares its inputs before it starts a program, so a line with one
/// of these cannot be started by FFMpegCore: <see cref="Pre"/> throws.
/// </summary>
internal class BoxedInput(params string[] words) : IInputArgument
{
    public string Text => ArgumentText.Join(words);

    /// <summary>A picture or tone that ffmpeg makes itself: no input at all.</summary>
    public static BoxedInput Generated(string graph) => new("-f", "lavfi", "-i", graph);

    /// <summary>A file that we made, of a format that we know.</summary>
    public static BoxedInput Own(string format, string name) => new("-f", format, "-i", "file:" + name);

    /// <exception cref="InvalidOperationException">Always.</exception>
    public void Pre(FFOptions options) => throw new InvalidOperationException("FFMpegCore must not start ffmpeg: it gives the child our environment and no limits. Run the words of the command line with Ffmpeg.RunAsync.");

    public Task During(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public void Post()
    {
    }
}

/// <summary>A file that a stranger made, with everything that keeps ffmpeg to this one file and to formats and decoders we chose.</summary>
internal sealed class UntrustedFileInput(string name) : BoxedInput([.. FfmpegArguments.Guards(FfmpegArguments.Formats), "-i", "file:" + name]);
