using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using HlsGateway.Fuzz.Targets;

namespace HlsGateway.Fuzz;

/// <summary>Makes a new input of known ones: a few changes on top of each other, from bits to pieces of other inputs.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<string> words)
{
    private static readonly long[] Edges = [0, 1, -1, 16, 32, 64, 127, 128, 255, 256, 1023, 4096, 32_767, 32_768, 65_535, 65_536, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue];

    private static readonly string[] Numbers =
        ["0", "-1", "1e308", "NaN", "0.0000000000000000001", "2147483647", "2147483648", "9223372036854775807", "99999999999999999999999999", "4294967296", "0x", "18446744073709551615", "2147400.647"];

    private readonly byte[][] words = [.. words.Select(word => word.All(char.IsAscii) || word.Any(c => c > 255) ? Encoding.UTF8.GetBytes(word) : Encoding.Latin1.GetBytes(word))];

    public byte[] Make(IReadOnlyList<byte[]> known)
    {
        // The newest found something new last, the rest is as likely as any.
        var from = random.Next(3) == 0 ? known.Count - 1 - random.Next(Math.Min(known.Count, 16)) : random.Next(known.Count);
        var bytes = new List<byte>(known[from]);
        for (var changes = 1 << random.Next(5); changes > 0; changes--)
            Change(bytes, known);
        if (bytes.Count > FuzzTarget.Longest)
            bytes.RemoveRange(FuzzTarget.Longest, bytes.Count - FuzzTarget.Longest);
        return [.. bytes];
    }

    private void Change(List<byte> bytes, IReadOnlyList<byte[]> known)
    {
        var at = random.Next(bytes.Count + 1);
        var length = Math.Min(1 + random.Next(random.Next(4) == 0 ? 512 : 16), bytes.Count - at);
        switch (random.Next(14))
        {
            case 0 when length > 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when length > 0:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2 when length > 0:
                bytes[at] = (byte)(bytes[at] + random.Next(-35, 36));
                break;
            case 3:
                bytes.RemoveRange(at, length);
                break;
            case 4:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 5 when length > 0:
                Number(bytes, at);
                break;
            case 6:
                bytes.InsertRange(at, Encoding.ASCII.GetBytes(Numbers[random.Next(Numbers.Length)]));
                break;
            case 7:
                Digits(bytes, at);
                break;
            case 8 or 9 when words.Length > 0:
                bytes.InsertRange(at, words[random.Next(words.Length)]);
                break;
            case 10 when words.Length > 0 && length > 0:
                var word = words[random.Next(words.Length)];
                bytes.RemoveRange(at, Math.Min(word.Length, bytes.Count - at));
                bytes.InsertRange(at, word);
                break;
            case 11:
                var other = known[random.Next(known.Count)];
                var start = random.Next(other.Length + 1);
                bytes.InsertRange(at, other.AsSpan(start, Math.Min(other.Length - start, 1 + random.Next(2048))).ToArray());
                break;
            case 12 when random.Next(8) == 0:
                var piece = bytes.GetRange(at, Math.Min(length, 64));
                for (var times = 1 << random.Next(10); times > 0 && bytes.Count < FuzzTarget.Longest; times--)
                    bytes.InsertRange(at, piece);
                break;
            case 13 when random.Next(8) == 0:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            default:
                break;
        }
    }

    /// <summary>A number of 2, 4 or 8 bytes, big endian, at a border or near what stands there.</summary>
    private void Number(List<byte> bytes, int at)
    {
        var size = 2 << random.Next(3);
        if (at + size > bytes.Count)
            return;
        Span<byte> whole = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(whole, Edges[random.Next(Edges.Length)] + random.Next(-2, 3));
        for (var i = 0; i < size; i++)
            bytes[at + i] = whole[8 - size + i];
    }

    /// <summary>Another number in the place of the digits that stand next.</summary>
    private void Digits(List<byte> bytes, int at)
    {
        while (at < bytes.Count && bytes[at] is < (byte)'0' or > (byte)'9')
            at++;
        var end = at;
        while (end < bytes.Count && bytes[end] is >= (byte)'0' and <= (byte)'9')
            end++;
        if (end == at)
            return;
        bytes.RemoveRange(at, end - at);
        bytes.InsertRange(at, Encoding.ASCII.GetBytes(random.Next(2) == 0 ? Numbers[random.Next(Numbers.Length)] : random.Next().ToString(CultureInfo.InvariantCulture)));
    }
}
