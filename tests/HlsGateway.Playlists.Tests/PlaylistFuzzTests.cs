using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace HlsGateway.Playlists.Tests;

/// <summary>Broken playlists: mutations of the golden ones with hostile pieces, from a fixed seed. Read or refuse, never throw, never dawdle.</summary>
public sealed class PlaylistFuzzTests
{
    /// <summary>No mutant costs more. One that seems to is timed again by its thread's own CPU clock: a busy machine is no fault of the parser.</summary>
    private static readonly TimeSpan Slowest = TimeSpan.FromMilliseconds(50);

    private static readonly byte[][] Hostile =
    [
        [0], [0xEF, 0xBB, 0xBF], [0xFF, 0xFE], [0xC3], [0xC2, 0x85], [0x7F], "\r"u8.ToArray(), "\r\n"u8.ToArray(), "\n\n"u8.ToArray(), "\""u8.ToArray(), ","u8.ToArray(), "="u8.ToArray(), "@"u8.ToArray(),
        Encoding.Unicode.GetBytes("#EXTM3U\n#EXTINF:1,\na\n"), new byte[3000], [.. Enumerable.Repeat((byte)'a', 70 * 1024)], [.. Enumerable.Repeat((byte)'"', 2000)], [.. Enumerable.Repeat((byte)',', 60_000)],
        "#EXTINF:-1,\n"u8.ToArray(), "#EXTINF:NaN,\n"u8.ToArray(), "#EXTINF:1e308,\nx\n"u8.ToArray(), "#EXTINF:99999999999999999999999,\nx\n"u8.ToArray(), "#EXTINF:0.0000000000000000000000001,\nx\n"u8.ToArray(),
        "#EXTINF:2147400.647,\nx\n"u8.ToArray(), "#EXTINF\n"u8.ToArray(), "#EXTINF:\n"u8.ToArray(), "#EXTM3U\n"u8.ToArray(), "#EXT-X-ENDLIST\n"u8.ToArray(), "#EXT-X-VERSION:2147483647\n"u8.ToArray(),
        "#EXT-X-VERSION:-3\n"u8.ToArray(), "#EXT-X-TARGETDURATION:2147483647\n"u8.ToArray(), "#EXT-X-TARGETDURATION:NaN\n"u8.ToArray(), "#EXT-X-BYTERANGE:9223372036854775807\n"u8.ToArray(),
        "#EXT-X-BYTERANGE:9223372036854775807@9223372036854775807\n"u8.ToArray(), "#EXT-X-BYTERANGE:5\n"u8.ToArray(), "#EXT-X-STREAM-INF:BANDWIDTH=1\n"u8.ToArray(), "#EXT-X-STREAM-INF\n"u8.ToArray(),
        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"\",NAME=\"\"\n"u8.ToArray(), "#EXT-X-KEY:\n"u8.ToArray(), "#EXT-X-MAP:URI\n"u8.ToArray(), "#EXT-X-START:TIME-OFFSET=-2147483.9\n"u8.ToArray(), "#EXT-X-START:TIME-OFFSET=\"-1\n"u8.ToArray(),
        "#EXT-X-DISCONTINUITY\n"u8.ToArray(), "http://169.254.169.254/\n"u8.ToArray(), "file:///etc/passwd\n"u8.ToArray(), "\u2028"u8.ToArray(), "{$x}"u8.ToArray(), "{$path}"u8.ToArray(), "#EXT-X-DEFINE:NAME=\"x\",VALUE=\"http://h/{$x}\"\n"u8.ToArray(), "#EXT-X-DEFINE:NAME=\"x\",VALUE=\"#\"\n"u8.ToArray(),
        "#EXT-X-DEFINE:IMPORT=\"path\"\n"u8.ToArray(), "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n"u8.ToArray(), "#EXT-X-IMAGES-ONLY\n"u8.ToArray(), "#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI=\"i\"\n"u8.ToArray(),
        "#EXT-X-MAP:URI=\"{$path}\",BYTERANGE=\"{$x}\"\n"u8.ToArray(), Encoding.UTF8.GetBytes("#EXT-X-DEFINE:NAME=\"x\",VALUE=\"" + new string('a', 60_000) + "\"\n"), [.. Enumerable.Repeat("{$x}"u8.ToArray(), 5000).SelectMany(x => x)], [.. Enumerable.Repeat("{$"u8.ToArray(), 32_000).SelectMany(x => x)], [.. Enumerable.Repeat("{$x"u8.ToArray(), 21_000).SelectMany(x => x), (byte)'}'],
    ];

    private readonly byte[][] seeds = [.. Goldens.Names.Select(name => Encoding.UTF8.GetBytes(Goldens.Read(name)))];

    [Fact]
    public void D7_Malformed_playlists_are_read_or_refused_and_none_is_slow()
    {
        var count = Properties.FuzzCount;
        var read = 0;
        for (var number = 0; number < count; number++)
        {
            var mutant = Mutate(new Random(number));
            try
            {
                var started = Stopwatch.GetTimestamp();
                var template = Compile(mutant);
                if (Stopwatch.GetElapsedTime(started) > Slowest)
                    Assert.InRange(CpuTimeOf(mutant), TimeSpan.Zero, Slowest);
                if (template is null)
                    continue;
                read++;
                RequireStable(mutant, template);
            }
            catch (Exception exception)
            {
                var head = Encoding.UTF8.GetString(mutant.AsSpan(0, Math.Min(2000, mutant.Length)));
                throw new InvalidOperationException($"Mutant {number} of the fixed seed, {mutant.Length} bytes: {head}", exception);
            }
        }

        // Mutations that all end as refused, or none, would test nothing.
        Assert.InRange(read, count / 10, count - (count / 10));
    }

    private static TimeSpan CpuTimeOf(byte[] mutant) => Enumerable.Range(0, 5).Min(_ =>
    {
        var started = CpuTime();
        Compile(mutant);
        return CpuTime() - started;
    });

    /// <summary>Linux tells each thread's time on a CPU in nanoseconds; elsewhere the wall clock has to do.</summary>
    private static TimeSpan CpuTime()
    {
        const string Own = "/proc/thread-self/schedstat";
        return File.Exists(Own)
            ? TimeSpan.FromTicks(long.Parse(File.ReadAllText(Own).Split(' ')[0], CultureInfo.InvariantCulture) / TimeSpan.NanosecondsPerTick)
            : Stopwatch.GetElapsedTime(0);
    }

    /// <summary>All that the gateway does with an origin's bytes; null when they are refused.</summary>
    private static PlaylistTemplate? Compile(byte[] mutant)
    {
        if (!Playlist.TryParse(mutant, out var master, out var media, out var error))
        {
            Assert.NotEmpty(error.Reason);
            return null;
        }

        media?.Compile(new MediaEdit { Rewrite = Rendered.Gateway, Trailer = Rendered.Trailer() with { Before = true } });
        return master?.Compile(Goldens.MasterEdit) ?? media?.Compile(Goldens.Edit(media));
    }

    /// <summary>What went out is a playlist again, of the same kind and with the same segments; rendering that with nothing to add changes nothing.</summary>
    private static void RequireStable(byte[] mutant, PlaylistTemplate template)
    {
        Assert.True(Playlist.TryParse(mutant, out var master, out var media, out _));
        var once = Bytes(template);
        Assert.True(Playlist.TryParse(once, out var masterAgain, out var mediaAgain, out var error), error.ToString());
        Assert.Equal(master is null, masterAgain is null);
        Assert.Equal(media?.Segments.Length + (media is { HasEndList: true, IsTrickPlay: false } ? 2 : 0), mediaAgain?.Segments.Length);
        var twice = masterAgain?.Compile(new MasterEdit { Rewrite = Rendered.Keep }) ?? mediaAgain?.Compile(new MediaEdit { Rewrite = Rendered.Keep });
        Assert.True(twice is not null && Bytes(twice).AsSpan().SequenceEqual(once), "The second rendering differs.");
    }

    private static byte[] Bytes(PlaylistTemplate template)
    {
        var bytes = new byte[template.Length];
        template.Render(Encoding.ASCII.GetBytes(Rendered.Token), bytes);
        return bytes;
    }

    private byte[] Mutate(Random random)
    {
        var bytes = new List<byte>(seeds[random.Next(seeds.Length)]);
        for (var change = random.Next(1, 5); change > 0; change--)
            Change(bytes, random);
        return [.. bytes];
    }

    private void Change(List<byte> bytes, Random random)
    {
        var at = random.Next(bytes.Count + 1);
        var length = Math.Min(random.Next(1, 40), bytes.Count - at);
        switch (random.Next(8))
        {
            case 0 when length > 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes.RemoveRange(at, length);
                break;
            case 2:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 3:
                bytes.InsertRange(at, Hostile[random.Next(Hostile.Length)]);
                break;
            case 4:
                bytes.InsertRange(LineStart(bytes, at), Hostile[random.Next(Hostile.Length)]);
                break;
            case 5:
                Shuffle(bytes, random);
                break;
            case 6:
                var other = seeds[random.Next(seeds.Length)];
                bytes.InsertRange(LineStart(bytes, at), other.AsSpan(random.Next(other.Length)).ToArray());
                break;
            default:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
        }
    }

    private static int LineStart(List<byte> bytes, int at) => at == 0 ? 0 : bytes.LastIndexOf((byte)'\n', at - 1) + 1;

    private static void Shuffle(List<byte> bytes, Random random)
    {
        var lines = Encoding.Latin1.GetString([.. bytes]).Split('\n');
        random.Shuffle(lines.AsSpan(1));
        bytes.Clear();
        bytes.AddRange(Encoding.Latin1.GetBytes(string.Join('\n', lines)));
    }
}
