using System.IO.Hashing;
using System.Text;

namespace HlsGateway.Counting;

/// <summary>
/// Repeated texts, such as the paths of a video's segments, allocated once. The last text takes a place, so
/// memory is bounded.
/// </summary>
internal sealed class TextPool
{
    private const int Places = 4096;
    private readonly (byte[] Utf8, string Text)[] places = new (byte[], string)[Places];

    public string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
            return "";
        ref var place = ref places[XxHash3.HashToUInt64(utf8) % Places];
        // The bytes themselves: a hash alone can be made to collide.
        if (place.Utf8 is null || !utf8.SequenceEqual(place.Utf8))
            place = (utf8.ToArray(), Encoding.UTF8.GetString(utf8));
        return place.Text;
    }
}
