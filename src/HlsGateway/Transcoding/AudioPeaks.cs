using System.Buffers.Binary;
using System.Text;

namespace HlsGateway.Transcoding;

/// <summary>The loudest sample of each twentieth of a second, for drawing a wave under the caption editor.</summary>
public static class AudioPeaks
{
    public const int PerSecond = 20;

    private const int Window = EncodeArguments.SampleRate / PerSecond;

    /// <returns><c>{"peaks_per_second":20,"peaks":[0..255,…]}</c>.</returns>
    public static byte[] Json(ReadOnlySpan<byte> samples)
    {
        var text = new StringBuilder("{\"peaks_per_second\":20,\"peaks\":[");
        var count = samples.Length / 2;
        for (var start = 0; start < count; start += Window)
        {
            var peak = 0;
            for (var i = start; i < Math.Min(count, start + Window); i++)
                peak = Math.Max(peak, Math.Abs((int)BinaryPrimitives.ReadInt16LittleEndian(samples[(2 * i)..])));
            if (start > 0)
                text.Append(',');
            text.Append(Math.Min(255, peak / 128));
        }

        return Encoding.ASCII.GetBytes(text.Append("]}").ToString());
    }
}
