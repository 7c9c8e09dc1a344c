using System.Buffers.Binary;
using System.Text;

namespace HlsGateway.Transcoding;

/// <summary>The loudest sample of each twentieth of a second, for drawing a wave under the caption editor.</summary>
internal static class AudioPeaks
{
    public const int PerSecond = 20;

    private const int Window = EncodeArguments.SampleRate / PerSecond;

    /// <param name="samples">As <see cref="EncodeArguments.Samples"/> says; read piece by piece, since six hours of them are 350 MB.</param>
    /// <returns><c>{"peaks_per_second":20,"peaks":[0..255,…]}</c>.</returns>
    public static async Task<byte[]> JsonAsync(Stream samples, CancellationToken ct)
    {
        var text = new StringBuilder("{\"peaks_per_second\":20,\"peaks\":[");
        var window = new byte[2 * Window];
        for (var first = true; await samples.ReadAtLeastAsync(window, window.Length, throwOnEndOfStream: false, ct) is var read and > 1; first = false)
        {
            if (!first)
                text.Append(',');
            text.Append(Math.Min(255, Peak(window.AsSpan(0, read)) / 128));
        }

        return Encoding.ASCII.GetBytes(text.Append("]}").ToString());
    }

    private static int Peak(ReadOnlySpan<byte> samples)
    {
        var peak = 0;
        for (var i = 0; i + 1 < samples.Length; i += 2)
            peak = Math.Max(peak, Math.Abs((int)BinaryPrimitives.ReadInt16LittleEndian(samples[i..])));
        return peak;
    }
}
