using System.Collections.Immutable;
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace HlsGateway.Trailers;

/// <summary>A moment at which an entry of the schedule takes effect or ends by itself. Pure.</summary>
/// <param name="Kind"><c>begin</c> or <c>end</c>: the subject of its line in <c>/api/changes</c>.</param>
internal readonly record struct ScheduleMoment(ActiveTrailer Entry, string Kind, DateTimeOffset At)
{
    public const string Begin = "begin";
    public const string End = "end";

    /// <summary>
    /// Of its line in <c>/api/changes</c>: the same whichever gateway writes it and however late, so that there is one line. A UUIDv7, as the
    /// ids of all lines, whose random bits follow from entry and kind.
    /// </summary>
    public Guid Id
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            XxHash128.Hash(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Entry.Id:n} {Kind}")), bytes);
            Uuid7.Write(At.ToUnixTimeMilliseconds(), bytes);
            bytes[6] = (byte)((bytes[6] & 0x0f) | 0x70);
            bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
            return new Guid(bytes, bigEndian: true);
        }
    }

    /// <summary>The moments behind one time, up to another, in their order. What was on when the entries were last changed began with that change.</summary>
    /// <param name="after">When the entries were last changed; exclusive.</param>
    /// <param name="upTo">Inclusive.</param>
    public static IEnumerable<ScheduleMoment> Between(ImmutableArray<ActiveTrailer> entries, DateTimeOffset after, DateTimeOffset upTo) => entries
        .SelectMany(entry => new[] { (Entry: entry, Kind: Begin, At: entry.From), (Entry: entry, Kind: End, At: entry.Until) })
        .Where(moment => moment.At > after && moment.At <= upTo)
        .Select(moment => new ScheduleMoment(moment.Entry, moment.Kind, moment.At ?? upTo))
        .OrderBy(moment => moment.At);
}
