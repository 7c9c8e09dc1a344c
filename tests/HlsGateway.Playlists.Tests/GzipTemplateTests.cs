using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using FsCheck.Fluent;

namespace HlsGateway.Playlists.Tests;

/// <summary>A playlist that is zipped once for all viewers: each gets what a template renders for them, whatever its text and holes are.</summary>
public sealed class GzipTemplateTests
{
    /// <summary>How far behind a token the next may be copied from it.</summary>
    private const int Reach = 32_000;

    private const int TokenLength = PlaylistTemplate.TokenLength;

    [Fact]
    public void What_is_unzipped_is_what_is_rendered_whatever_the_template_and_the_token_are() =>
        Properties.Hold(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var template = Template(random, random.Next(6_000));
            if (template.MakeGzip() is not { } gzip)
                return template.Length == 0;
            // For two sessions: the second gets nothing of the first one's.
            return Enumerable.Range(0, 2).All(_ => Token(random) is var token && Unzipped(Zipped(gzip, token)).AsSpan().SequenceEqual(Plain(template, token)));
        });

    [Theory]
    [InlineData(100_000, 0)]
    [InlineData(100_000, 1)]
    [InlineData(100_000, 3)]
    [InlineData(300_000, 2_000)]
    public void Long_playlists_and_holes_out_of_reach_of_each_other_are_zipped_too(int length, int holes)
    {
        var random = new Random(length + holes);
        for (var round = 0; round < 12; round++)
        {
            var template = Template(random, length, holes);
            var token = Token(random);
            Assert.Equal(Plain(template, token), Unzipped(Zipped(template.MakeGzip()!, token)));
        }
    }

    [Theory]
    [InlineData(Reach - TokenLength)]
    [InlineData(Reach - TokenLength + 1)]
    [InlineData((2 * Reach) - TokenLength)]
    public void The_token_is_in_the_file_again_where_no_copy_reaches_the_last_one(int between)
    {
        var bytes = new Random(between).GetItems("0123456789"u8, 1 + between + (2 * TokenLength));
        // Not at the start: zlib never copies from there.
        var template = new PlaylistTemplate(bytes, [1, 1 + between + TokenLength]);
        var token = Encoding.ASCII.GetBytes(Rendered.Token);
        var zipped = Zipped(template.MakeGzip()!, token);
        Assert.Equal(Plain(template, token), Unzipped(zipped));
        Assert.Equal(between + TokenLength > Reach ? 2 : 1, Occurrences(zipped, token));
    }

    [Fact]
    public void A_text_without_bytes_to_spare_has_no_zipped_form()
    {
        byte[] most = [.. Enumerable.Range(0, 256 - (2 * TokenLength)).Select(value => (byte)value)];
        Assert.NotNull(new PlaylistTemplate(most, []).MakeGzip());
        var template = new PlaylistTemplate([.. most, 255], []);
        Assert.Null(template.MakeGzip());
        Assert.Null(template.MakeGzip());
        Assert.Null(new PlaylistTemplate([], []).MakeGzip());
    }

    [Theory]
    [MemberData(nameof(GoldenNames))]
    public void Each_golden_playlist_is_the_same_zipped_whole_and_in_slices(string name)
    {
        var text = Goldens.Read(name);
        foreach (var variant in (string[])[text, text.Replace("\n", "\r\n", StringComparison.Ordinal), "\uFEFF" + text, text.TrimEnd('\n')])
        {
            if (!Playlist.TryParse(Encoding.UTF8.GetBytes(variant), out var master, out var media, out _))
                continue;
            var template = master?.Compile(Goldens.MasterEdit) ?? media!.Compile(Goldens.Edit(media));
            var token = Encoding.ASCII.GetBytes(Rendered.Token);
            var zipped = Zipped(template.MakeGzip()!, token);
            Assert.Equal(Plain(template, token), Unzipped(zipped));
            Assert.Equal(zipped, Sliced(template.Gzip!, token, 7));
            Assert.Equal(Plain(template, token), Sliced(template, token, 7));
        }
    }

    public static TheoryData<string> GoldenNames => [.. Goldens.Names];

    [Fact]
    public void Slices_of_any_size_are_the_same_file()
    {
        var random = new Random(5);
        var template = Template(random, 40_000, 3);
        var token = Token(random);
        var whole = Zipped(template.MakeGzip()!, token);
        foreach (var size in (int[])[1, 2, 3, 39, 40, 41, 1000, whole.Length])
            Assert.Equal(whole, Sliced(template.Gzip!, token, size));
    }

    [Fact]
    public async Task Gzip_itself_reads_the_files()
    {
        if (!File.Exists("/usr/bin/gzip") && !File.Exists("/bin/gzip"))
            return;
        var random = new Random(9);
        using var plain = new MemoryStream();
        // Files one after another are one file (RFC 1952 section 2.2).
        using var zipped = new MemoryStream();
        foreach (var length in (int[])[1, 100, 3_000, 30_000, 70_000, 200_000])
        {
            foreach (var holes in (int[])[0, 1, 2, length / 150])
            {
                var template = Template(random, length, holes);
                var token = Token(random);
                plain.Write(Plain(template, token));
                zipped.Write(Zipped(template.MakeGzip()!, token));
            }
        }

        using var gzip = Process.Start(new ProcessStartInfo("gzip", ["-dc"]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        using var read = new MemoryStream();
        var reading = gzip.StandardOutput.BaseStream.CopyToAsync(read);
        await gzip.StandardInput.BaseStream.WriteAsync(zipped.ToArray());
        gzip.StandardInput.Close();
        await reading;
        await gzip.WaitForExitAsync();
        Assert.Equal(0, gzip.ExitCode);
        Assert.True(plain.ToArray().AsSpan().SequenceEqual(read.ToArray()), "gzip reads something else.");
    }

    [Theory]
    [InlineData(23)]
    [InlineData(1800)]
    public void It_is_smaller_than_what_the_framework_makes_for_each_viewer(int segments)
    {
        var template = MediaOf(segments);
        var token = Encoding.ASCII.GetBytes(Rendered.Token);
        using var made = new MemoryStream();
        using (var zip = new GZipStream(made, CompressionLevel.Fastest, leaveOpen: true))
            zip.Write(Plain(template, token));
        Assert.InRange(template.MakeGzip()!.Length, template.Length / 50, made.Length);
    }

    [Fact]
    public void It_is_made_once_and_tells_its_weight_and_rendering_allocates_nothing()
    {
        var template = MediaOf(23);
        var grown = new List<long>();
        template.Grown = by =>
        {
            lock (grown)
                grown.Add(by);
        };
        var (before, made) = (template.Weight, new GzipTemplate?[8]);
        Parallel.For(0, made.Length, at => made[at] = template.MakeGzip());
        Assert.Equal([template.Gzip], made.Where(gzip => gzip is not null).Distinct());
        Assert.Equal([template.Weight - before], grown);
        Assert.InRange(grown[0], template.Gzip!.Length, template.Gzip.Length + 200);

        var token = Encoding.ASCII.GetBytes(Rendered.Token);
        var destination = new byte[template.Length];
        template.Gzip.Render(token, destination);
        template.Gzip.RenderSlice(token, 0, destination.AsSpan(0, template.Gzip.Length));
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        template.Gzip.Render(token, destination);
        template.Gzip.RenderSlice(token, 0, destination.AsSpan(0, template.Gzip.Length));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    private static PlaylistTemplate MediaOf(int segments)
    {
        var random = new Random(3);
        var text = new StringBuilder("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n");
        for (var at = 0; at < segments; at++)
            text.Append(CultureInfo.InvariantCulture, $"#EXTINF:4.000000,\nvideo{at}.ts\n");
        return Rendered.Media(text.Append("#EXT-X-ENDLIST\n").ToString()).Compile(new MediaEdit
        {
            Rewrite = (in UriSite site) => Rendered.Session(site.Uri, $"&duration=4&t={site.StartMs}&s={Convert.ToBase64String(BitConverter.GetBytes(random.NextInt64()))[..11]}"),
        });
    }

    /// <summary>Text of one of several kinds, with holes anywhere: at its ends, next to each other, and few or many bytes apart.</summary>
    private static PlaylistTemplate Template(Random random, int length, int? holes = null)
    {
        var bytes = Text(random, length);
        var places = Enumerable.Range(0, holes ?? random.Next(1 + (length / 100))).Select(_ => random.Next(4) switch
        {
            0 when holes is null or < 3 => random.Next(2) * bytes.Length,
            1 => bytes.Length / 2,
            _ => random.Next(bytes.Length + 1),
        }).Order().ToArray();
        var all = new List<byte>(bytes);
        var at = 0;
        foreach (ref var place in places.AsSpan())
        {
            place += TokenLength * at++;
            all.InsertRange(place, Enumerable.Repeat((byte)'-', TokenLength));
        }

        return new PlaylistTemplate([.. all], places);
    }

    private static byte[] Text(Random random, int length)
    {
        var bytes = new byte[length];
        switch (random.Next(5))
        {
            case 0:
                // The most different bytes that a text may have.
                random.NextBytes(bytes);
                bytes = Array.ConvertAll(bytes, value => (byte)(value % (256 - (2 * TokenLength))));
                break;
            case 1:
                Array.Fill(bytes, (byte)'-');
                break;
            case 2:
                bytes = random.GetItems("ab-"u8.ToArray(), length);
                break;
            case 3:
                bytes = random.GetItems(Encoding.UTF8.GetBytes("näïve 名前 0123456789"), length);
                break;
            default:
                var lines = new StringBuilder();
                for (var at = 0; lines.Length < length; at++)
                    lines.Append(CultureInfo.InvariantCulture, $"#EXTINF:{random.Next(3, 5)}.{random.Next(100):00},\r\nsegment_{at:00000}.ts?session_id=&duration=4&t={at * 4000}&s={random.NextInt64():x11}\r\n");
                bytes = Encoding.ASCII.GetBytes(lines.ToString(0, length));
                break;
        }

        return bytes;
    }

    private static byte[] Token(Random random) => random.GetItems(random.Next(3) switch { 0 => "-"u8, 1 => "ab-"u8, _ => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8 }, TokenLength);

    private static byte[] Plain(PlaylistTemplate template, byte[] token)
    {
        var plain = new byte[template.Length];
        template.Render(token, plain);
        return plain;
    }

    private static byte[] Zipped(GzipTemplate gzip, byte[] token)
    {
        var zipped = new byte[gzip.Length];
        gzip.Render(token, zipped);
        return zipped;
    }

    private static byte[] Sliced(SessionText text, byte[] token, int size)
    {
        var whole = new byte[text.Length];
        for (var offset = 0; offset < whole.Length; offset += size)
            text.RenderSlice(token, offset, whole.AsSpan(offset, Math.Min(size, whole.Length - offset)));
        return whole;
    }

    /// <summary>The framework's decoder compares checksum and length too.</summary>
    private static byte[] Unzipped(byte[] zipped)
    {
        using var plain = new MemoryStream();
        using (var unzip = new GZipStream(new MemoryStream(zipped), CompressionMode.Decompress))
            unzip.CopyTo(plain);
        return plain.ToArray();
    }

    private static int Occurrences(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> some)
    {
        var count = 0;
        for (int found; (found = bytes.IndexOf(some)) >= 0; bytes = bytes[(found + some.Length)..])
            count++;
        return count;
    }
}
