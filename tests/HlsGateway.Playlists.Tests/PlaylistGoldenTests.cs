using System.Runtime.CompilerServices;
using System.Text;

namespace HlsGateway.Playlists.Tests;

/// <summary>
/// Playlists as they are in the world, and what leaves the gateway: parameters in each URI, a trailer of 4.8 s, two caption tracks.
/// </summary>
public sealed class PlaylistGoldenTests
{
    private const string UpdateVariable = "UPDATE_GOLDENS";
    private const string Ending = ".expected.m3u8";

    public static TheoryData<string, string> Inputs
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var name in Goldens.Names)
            {
                foreach (var how in (string[])["as it is", "CRLF", "BOM", "BOM and CRLF", "no final newline"])
                    data.Add(name, how);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public void D1_D2_A_playlist_leaves_as_it_stands_on_disk_however_its_lines_end(string name, string how)
    {
        var input = Goldens.Read(name);
        var actual = Goldens.Render(how switch
        {
            "CRLF" => input.Replace("\n", "\r\n", StringComparison.Ordinal),
            "BOM" => "\uFEFF" + input,
            "BOM and CRLF" => "\uFEFF" + input.Replace("\n", "\r\n", StringComparison.Ordinal),
            "no final newline" => input.TrimEnd('\n'),
            _ => input,
        });

        var golden = Goldens.PathOf(name + Ending);
        if (how == "as it is" && Environment.GetEnvironmentVariable(UpdateVariable) == "1")
            File.WriteAllText(golden, actual);
        else if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
            return;
        // A playlist whose end is not ours keeps the final newline that it did not have.
        var expected = File.Exists(golden) ? File.ReadAllText(golden) : "";
        if (how == "no final newline" && !actual.EndsWith('\n'))
            expected = expected.TrimEnd('\n');
        Assert.True(expected == actual, $"{golden} differs; if the change is meant, run `make golden` and read the diff.\n{actual}");
    }

    [Theory]
    [InlineData("ts-vod", "before")]
    [InlineData("fmp4-vod", "before")]
    [InlineData("aes-128", "before")]
    [InlineData("byte-ranges", "before")]
    [InlineData("unknown-tags", "before")]
    [InlineData("headers-behind-dates", "before")]
    [InlineData("variables-everywhere", "before")]
    [InlineData("live", "before")]
    [InlineData("ts-vod", "interstitial")]
    [InlineData("aes-128", "interstitial")]
    [InlineData("live", "interstitial")]
    public void S5_A_trailer_before_the_content_or_apart_from_it_leaves_as_it_stands_on_disk(string name, string how)
    {
        var media = Rendered.Media(Goldens.Read(name));
        var edit = Goldens.Edit(media);
        var actual = media.Compile(how == "before"
            ? new MediaEdit { Rewrite = Rendered.Gateway, Trailer = edit.Trailer! with { Before = true } }
            : new MediaEdit { Rewrite = Rendered.Gateway, Interstitial = new("brand@0a1b2c3d", Rendered.Session("~t/brand@0a1b2c3d/ts/asset.m3u8", ""), "4.8", Before: false) }).Text();
        var golden = Goldens.PathOf($"{name}.{how}{Ending}");
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
            File.WriteAllText(golden, actual);
        Assert.True(File.Exists(golden) && File.ReadAllText(golden) == actual, $"{golden} differs; if the change is meant, run `make golden` and read the diff.\n{actual}");
        Assert.Empty(DocumentLint.Check(name, Encoding.UTF8.GetBytes(actual), Rendered.IsTrailer, out _, out _).Where(finding => finding.Severity == LintSeverity.Error));
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public void D2_A_playlist_with_nothing_to_inject_is_the_input_line_ends_aside(string name, string how)
    {
        // These two break a rule, and are mended: S3 (an integer), D5 and D6 (a header tag stands once).
        if (name is "fractional-target" or "repeated-headers")
            return;

        var input = Goldens.Read(name);
        var lf = how == "no final newline" ? input.TrimEnd('\n') : input;
        var given = how.Contains("CRLF", StringComparison.Ordinal) ? lf.Replace("\n", "\r\n", StringComparison.Ordinal) : lf;
        if (how.Contains("BOM", StringComparison.Ordinal))
            given = "\uFEFF" + given;
        Assert.True(Playlist.TryParse(Encoding.UTF8.GetBytes(given), out var master, out var media, out _));
        var template = master?.Compile(new MasterEdit { Rewrite = Rendered.Keep }) ?? media?.Compile(new MediaEdit { Rewrite = Rendered.Keep });

        Assert.Equal(lf, template?.Text());
    }
}

/// <summary>The golden inputs, for whoever needs playlists that look real.</summary>
internal static class Goldens
{
    public static string[] Names { get; } =
    [
        .. Directory.GetFiles(PathOf(""), "*.m3u8").Where(file => !file.EndsWith(".expected.m3u8", StringComparison.Ordinal))
            .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal),
    ];

    public static string PathOf(string file) => Path.Combine(Folder(), "Golden", file);

    public static string Read(string name) => File.ReadAllText(PathOf(name + ".m3u8"));

    /// <summary>Everything the gateway can do to a playlist.</summary>
    public static string Render(string playlist)
    {
        Assert.True(Playlist.TryParse(Encoding.UTF8.GetBytes(playlist), out var master, out var media, out var error), error.ToString());
        if (master is not null)
            return master.Compile(MasterEdit).Text();
        return media is null ? "" : media.Compile(Edit(media)).Text();
    }

    public static MediaEdit Edit(MediaPlaylist media) => new() { Rewrite = Rendered.Gateway, Trailer = Rendered.Trailer(media.Maps.Length > 0 ? "fmp4" : "ts") };

    public static MasterEdit MasterEdit { get; } = new()
    {
        Rewrite = Rendered.Gateway,
        Captions =
        [
            new CaptionRendition("en", "English", true, "public.accessibility.transcribes-spoken-dialog", Rendered.Session("subtitles/en.m3u8", "")),
            new CaptionRendition("pt-BR", "Português", false, null, Rendered.Session("subtitles/pt-BR.m3u8", "")),
        ],
        Trailer = _ => new TrailerPeak(1_500_000, "avc1.64001f,mp4a.40.2"),
        TrailerDurationMs = 4800,
    };

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path) ?? "";
}
