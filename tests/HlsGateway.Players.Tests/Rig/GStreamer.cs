namespace HlsGateway.Players.Tests.Rig;

/// <summary>
/// GStreamer's <c>playbin3</c> at the film's own speed, as Debian ships it. Picture and sound come through pipes, when they are due. Captions are left out: 1.22
/// fetches them and shows none.
/// </summary>
internal static class GStreamer
{
    /// <returns>Each frame as <see cref="Barcode.ReadEither"/> reads it, when it came, and what GStreamer said.</returns>
    public static async Task<(IReadOnlyList<(Frame? Frame, TimeSpan At)> Shown, string Said)> PlayAsync(string folder, Assignment assignment, string levels, TimeSpan bound)
    {
        using var picture = await Fifo.CreateAsync(Path.Combine(folder, "picture"));
        using var sound = await Fifo.CreateAsync(Path.Combine(folder, "sound"));
        var shown = Task.Run(() => RawPictures.Read(picture.Reader).Select(raw => (Barcode.ReadLuma(raw.Planes, raw.Width, raw.Height), raw.At)).ToList());
        var heard = RawSound.KeepAsync(sound.Reader, folder);
        string said;
        try
        {
            // One size of the picture for the whole film: what writes it down cannot tell another one.
            (_, said) = await Tool.RunAsync("env",
                ["GST_DEBUG=hlsng:5", "GST_DEBUG_NO_COLOR=1", "gst-launch-1.0", "-q", "playbin3", $"uri={assignment.Source.AbsoluteUri}", "flags=video+audio",
                    $"video-sink=videoconvert ! videoscale ! video/x-raw,format=I420,{(assignment.Portrait ? "width=360,height=640" : "width=640,height=360")},pixel-aspect-ratio=1/1 ! y4menc ! filesink sync=true location={Path.Combine(folder, "picture")}",
                    $"audio-sink=audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=48000,channels=2 ! filesink sync=true location={Path.Combine(folder, "sound")}"], bound);
        }
        finally
        {
            picture.End();
            sound.End();
        }
        await heard;
        await RawSound.MeasureAsync(folder, levels, bound);
        return (await shown, said);
    }
}
