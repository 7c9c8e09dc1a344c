using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using HlsGateway.CommandLine;
using HlsGateway.Content;
using HlsGateway.Lint;
using HlsGateway.Playlists;
using HlsGateway.Tests.CommandLine;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Trailers;

namespace HlsGateway.Tests.Lint;

/// <summary>Streams that ffmpeg made, checked in the bytes: whole they give no finding, and each kind of damage is named by its rule.</summary>
public sealed class StreamLintTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    private const string Captions = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n00:00.500 --> 00:01.500\nHello\n\n";

    [Theory]
    [InlineData("ts")]
    [InlineData("fmp4")]
    [InlineData("encrypted")]
    public async Task What_the_gateway_serves_with_trailer_and_captions_keeps_the_rules(string kind)
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, kind, ["-r", "25"], kind switch { "fmp4" => ["-hls_segment_type", "fmp4"], "encrypted" => ["-hls_enc", "1", "-hls_enc_key", "0123456789abcdef", "-hls_enc_key_url", "key"], _ => [] });
        origin.Serve($"{kind}/key", "0123456789abcdef"u8.ToArray());
        origin.Serve($"{kind}/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=3000000\nv.m3u8\n");
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Trailers:Folder"] = "", ["Trailers:Active"] = "brand" });
        using var api = host.Api("editor");
        using (var upload = await api.PutAsync("api/trailers/brand", new ByteArrayContent(await File.ReadAllBytesAsync(await workshop.SourceAsync(seconds: 2)))))
            upload.EnsureSuccessStatusCode();
        using (var captions = await api.PutAsync($"api/videos/{kind}/subtitles/en", new StringContent(Captions.Replace("X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n", "", StringComparison.Ordinal))))
            captions.EnsureSuccessStatusCode();
        await Eventually.IsTrueAsync(async () => (await host.Client.GetStringAsync($"watch/{kind}/playlist.m3u8")).Contains("&p=v-", StringComparison.Ordinal), "a session gets the trailer");

        using var source = new WebLintSource(new Uri(host.Address, $"watch/{kind}/playlist.m3u8").AbsoluteUri);
        var report = await new StreamLint(source).CheckAsync("it", CancellationToken.None);
        Assert.Empty(report.Findings.Select(f => f.ToString()));
        // Three segments of content and one of the trailer, and their four caption windows.
        Assert.Equal((3, 8, null), (report.Playlists, report.Segments, report.Unusable));
    }

    public static TheoryData<string, string, string> Damages => new()
    {
        { "S1", "v.m3u8", "a segment is served twice" },
        { "S2", "v.m3u8", "EXTINF tells another length" },
        { "S2", "v.m3u8", "a segment begins between two key frames" },
        { "S2", "v.m3u8", "a segment has lost its tables" },
        { "D4", "v.m3u8", "a segment is missing" },
        { "S6", "v.m3u8", "a segment is another container" },
        { "S7", "v.m3u8", "a segment is silent" },
        { "S9", "v.m3u8", "CODECS names no sound" },
        { "W2", "c.m3u8", "the captions have no map" },
        { "W2", "c.m3u8", "the captions are mapped to a constant" },
        { "W4", "c.m3u8", "two cues have one id" },
        { "W5", "c.m3u8", "a caption segment is missing" },
        { "W5", "c.m3u8", "the caption playlist is missing" },
        { "D7", "v.m3u8", "a playlist is a page" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Damage_is_named_by_rule_playlist_and_line(string rule, string where, string damage)
    {
        using var folder = new TemporaryFolder();
        await MakeAsync(folder.Path);
        Assert.Empty((await CheckAsync(folder.Path)).Findings.Select(f => f.ToString()));

        string At(string file) => Path.Combine(folder.Path, file);
        void Edit(string file, string from, string to) => File.WriteAllText(At(file), File.ReadAllText(At(file)).Replace(from, to, StringComparison.Ordinal));
        switch (damage)
        {
            case "a segment is served twice": File.Copy(At("v0.ts"), At("v1.ts"), overwrite: true); break;
            case "EXTINF tells another length": Edit("v.m3u8", "#EXTINF:2.000000,\nv1", "#EXTINF:1.900000,\nv1"); break;
            case "a segment begins between two key frames":
                Edit("playlist.m3u8", "#EXTM3U\n", "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n");
                File.WriteAllBytes(At("v1.ts"), Beheaded(File.ReadAllBytes(At("v1.ts"))));
                break;
            case "a segment has lost its tables": File.WriteAllBytes(At("v1.ts"), WithoutTables(File.ReadAllBytes(At("v1.ts")))); break;
            case "a segment is missing": File.Delete(At("v1.ts")); break;
            case "a segment is another container": File.WriteAllBytes(At("v1.ts"), "no video at all"u8.ToArray()); break;
            case "a segment is silent":
                await TrailerWorkshop.RunAsync("ffmpeg", ["-v", "error", "-y", "-copyts", "-i", At("v1.ts"), "-c", "copy", "-an", "-muxdelay", "0", "-muxpreload", "0", At("x.ts")]);
                File.Move(At("x.ts"), At("v1.ts"), overwrite: true);
                break;
            case "CODECS names no sound": Edit("playlist.m3u8", "BANDWIDTH=", "CODECS=\"avc1.64000d\",BANDWIDTH="); break;
            case "the captions have no map": Edit("c0.vtt", "X-TIMESTAMP-MAP=", "NOTE "); break;
            case "the captions are mapped to a constant": File.WriteAllText(At("c0.vtt"), Mapped(900000)); break;
            case "two cues have one id": File.AppendAllText(At("c0.vtt"), "1\n00:01.000 --> 00:01.200\nA\n\n1\n00:01.300 --> 00:01.400\nB\n"); break;
            case "a caption segment is missing": File.Delete(At("c0.vtt")); break;
            case "the caption playlist is missing": File.Delete(At("c.m3u8")); break;
            case "a playlist is a page": File.WriteAllText(At("v.m3u8"), "<html>"); break;
            default: throw new InvalidOperationException(damage);
        }

        var report = await CheckAsync(folder.Path);
        var finding = Assert.Single(report.Findings, f => f.Rule == rule && f.Where == where && f.Severity == LintSeverity.Error);
        Assert.EndsWith(".", finding.Message, StringComparison.Ordinal);
        if (!damage.Contains("playlist is", StringComparison.Ordinal) && rule != "S9")
            Assert.InRange(finding.Line, 2, 20);
    }

    [Fact]
    public async Task S1_Trick_play_beside_a_trailer_and_a_rung_without_one_are_found()
    {
        using var folder = new TemporaryFolder();
        await MakeAsync(folder.Path);
        var (copy, made) = await workshop.EncodeAsync(new("ts", 320, 180, "25/1", "high", 44100, 1), seconds: 2);
        var trailer = Directory.CreateDirectory(Path.Combine(folder.Path, "~t/brand@00000001/p")).FullName;
        File.Copy(Path.Combine(made, copy.Segments[0].File), Path.Combine(trailer, "0.ts"));
        var media = Path.Combine(folder.Path, "v.m3u8");
        File.WriteAllText(Path.Combine(folder.Path, "low.m3u8"), File.ReadAllText(media));
        File.WriteAllText(media, File.ReadAllText(media).Replace("#EXT-X-ENDLIST", $"#EXT-X-DISCONTINUITY\n#EXTINF:{copy.Segments[0].Duration},\n~t/brand@00000001/p/0.ts\n#EXT-X-ENDLIST", StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(folder.Path, "playlist.m3u8"),
            "#EXTM3U\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"i.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=3000000\nv.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2900000\nlow.m3u8\n");
        var report = await CheckAsync(folder.Path);
        Assert.Equal(["low.m3u8", "playlist.m3u8"], report.Findings.Where(f => f.Rule == "S1").Select(f => f.Where).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(report.Findings, f => f.Rule != "S1" && f.Where != "c.m3u8");
    }

    [Fact]
    public async Task A_folder_without_a_playlist_and_a_server_that_is_not_there_are_no_input()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal("holds no playlist", (await CheckAsync(folder.Path)).Unusable);
        using var nobody = new WebLintSource($"http://127.0.0.1:{FreePorts.Take()}/playlist.m3u8");
        Assert.StartsWith("cannot be read", (await new StreamLint(nobody).CheckAsync("it", CancellationToken.None)).Unusable, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_playlist_in_a_folder_leads_nowhere_else()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "v.m3u8"), "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n%2e%2e/%2e%2e/etc/passwd\n#EXTINF:4,\nhttp://127.0.0.1:1/x.ts\n#EXT-X-ENDLIST\n");
        var findings = (await CheckAsync(folder.Path)).Findings;
        Assert.Equal(["The segment leads out of the folder.", "The segment stands on another server than the folder."], findings.Select(f => f.Message));
    }

    [Fact]
    public async Task The_verb_ends_with_0_1_or_2_and_tells_the_same_in_words_and_in_json()
    {
        using var folder = new TemporaryFolder();
        await MakeAsync(folder.Path);
        Assert.Equal((ExitCode.Done, "3 playlists and 3 segments: nothing found.\n"), await LintAsync(folder.Path));
        File.Delete(Path.Combine(folder.Path, "c.m3u8"));
        Assert.Equal((ExitCode.Failed, "error W5 c.m3u8 The Master Playlist names it, but it is not in the folder.\nW5: A caption that the Master Playlist advertised is never a 404. See docs/player-rules.md#w5\n2 playlists and 2 segments: 1 errors, 0 warnings.\n"), await LintAsync(folder.Path));
        var (code, text) = await LintAsync(folder.Path, "--json");
        var report = JsonSerializer.Deserialize<JsonElement>(text);
        Assert.Equal((ExitCode.Failed, "W5", "error", "c.m3u8", "docs/player-rules.md#w5"), (code, Of("rule"), Of("severity"), Of("where"), Of("help")));
        Assert.Equal(ExitCode.Usage, (await LintAsync(Path.Combine(folder.Path, "nothing"))).Code);

        string? Of(string name) => report.GetProperty("findings")[0].GetProperty(name).GetString();
    }

    private static async Task<(int Code, string Output)> LintAsync(params string[] arguments)
    {
        var (code, output, _) = await Child.RunAsync(["lint", .. arguments]);
        return (code, output);
    }

    [Fact]
    public void A_rule_that_every_segment_breaks_is_told_eleven_times_at_most()
    {
        var many = Enumerable.Range(1, 500).Select(line => LintFinding.Error("S2", "v.m3u8", "The segment does not begin with an IDR frame.", line));
        var kept = LintReport.Shorten(many);
        Assert.Equal((11, 11, "490 more findings of this rule begin here."), (kept.Length, kept[^1].Line, kept[^1].Message));
    }

    private static async Task<LintReport> CheckAsync(string folder)
    {
        using var source = await FolderLintSource.OpenAsync(folder, CancellationToken.None);
        return await new StreamLint(source).CheckAsync(folder, CancellationToken.None);
    }

    /// <summary>Two segments of two seconds and a caption track over them.</summary>
    private async Task MakeAsync(string folder)
    {
        var made = Directory.CreateDirectory(workshop["lint-content"]).FullName;
        if (!File.Exists(Path.Combine(made, "v.m3u8")))
            await TrailerWorkshop.RunAsync("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4", "-f", "lavfi", "-i", "sine=440:r=44100:d=4",
                "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-g", "50", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", Path.Combine(made, "v.m3u8")]);
        foreach (var file in Directory.GetFiles(made))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        Assert.True(TsSegment.TryInspect(await File.ReadAllBytesAsync(Path.Combine(folder, "v0.ts")), out var first));
        await File.WriteAllTextAsync(Path.Combine(folder, "c0.vtt"), Mapped(first!.Video!.Value.FirstPts));
        await File.WriteAllTextAsync(Path.Combine(folder, "c.m3u8"), "#EXTM3U\n#EXT-X-VERSION:1\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:4,\nc0.vtt\n#EXT-X-ENDLIST\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "playlist.m3u8"),
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"English\",LANGUAGE=\"en\",URI=\"c.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=3000000,SUBTITLES=\"s\"\nv.m3u8\n");
    }

    private static string Mapped(long pts) => Captions.Replace("MPEGTS:0", string.Create(CultureInfo.InvariantCulture, $"MPEGTS:{pts}"), StringComparison.Ordinal);

    /// <summary>The segment without its first picture: PAT and PMT, and then all from the second picture's packet on.</summary>
    private static byte[] Beheaded(byte[] segment)
    {
        var packets = Packets(segment);
        var pictures = packets.Select((p, at) => (p, at)).Where(x => Pid(x.p) == 0x100 && (x.p[1] & 0x40) != 0).ToList();
        return [.. packets.Take(pictures[0].at).Concat(packets.Skip(pictures[1].at)).SelectMany(p => p)];
    }

    /// <summary>PAT and PMT behind the first packet of the picture.</summary>
    private static byte[] WithoutTables(byte[] segment)
    {
        var packets = Packets(segment);
        var picture = packets.First(p => Pid(p) == 0x100);
        return [.. packets.Where(p => p != picture).Prepend(picture).SelectMany(p => p)];
    }

    private static ImmutableArray<byte[]> Packets(byte[] segment) => [.. segment.Chunk(188)];

    private static int Pid(byte[] packet) => ((packet[1] & 0x1f) << 8) | packet[2];
}
