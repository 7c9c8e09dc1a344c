using HlsGateway.Media;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Transcoding;

/// <summary>The real ffmpeg in its confinement, with a work folder of the test's own.</summary>
public sealed class FfmpegFixture : IDisposable
{
    /// <summary>Begins the command lines that tests write themselves.</summary>
    internal static readonly string[] Quiet = ["-nostdin", "-hide_banner", "-loglevel", "warning", "-nostats", "-y"];

    public FfmpegFixture() => Ffmpeg = With(IsolationKind.Bubblewrap);

    public string Root { get; } = Directory.CreateTempSubdirectory("hlsgateway-tests-").FullName;

    internal Ffmpeg Ffmpeg { get; }

    internal Sandbox Sandbox => Ffmpeg.Sandbox;

    internal Ffmpeg With(IsolationKind most) => New(new MediaOptions { WorkDirectory = Path.Combine(Root, "work"), MaxIsolation = most }, Root);

    /// <param name="root">The content root.</param>
    internal static Ffmpeg New(MediaOptions options, string root) => new(
        new Sandbox(Options.Create(options), Options.Create(new GatewayOptions()), new HostingEnvironment { ContentRootPath = root }, NullLogger<Sandbox>.Instance), Options.Create(options));

    /// <summary>A media file, made with one confined run once for all tests; the arguments stand between the input and the output's name.</summary>
    internal async Task<byte[]> MakeAsync(string file, params string[] arguments)
    {
        var made = await Clips.FolderAsync([file, .. arguments], async folder => await File.WriteAllBytesAsync(Path.Combine(folder, file), await MakeNowAsync(file, arguments)));
        return await File.ReadAllBytesAsync(Path.Combine(made, file));
    }

    /// <summary>A second of picture, with a tone and one English caption.</summary>
    internal async Task<byte[]> MakeCaptionedAsync()
    {
        string[] arguments = ["-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=1", "-f", "lavfi", "-i", "sine=d=1", "-i", "file:in.srt", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-c:s", "srt", "-metadata:s:s:0", "language=eng"];
        var made = await Clips.FolderAsync(["captioned.mkv", .. arguments], async folder => await File.WriteAllBytesAsync(
            Path.Combine(folder, "captioned.mkv"), await MakeNowAsync("captioned.mkv", arguments, "1\n00:00:00,200 --> 00:00:00,800\nHello\n")));
        return await File.ReadAllBytesAsync(Path.Combine(made, "captioned.mkv"));
    }

    private async Task<byte[]> MakeNowAsync(string file, string[] arguments, string? captions = null)
    {
        using var folder = Sandbox.OpenFolder();
        if (captions is not null)
            await folder.AddAsync("in.srt", new MemoryStream(System.Text.Encoding.UTF8.GetBytes(captions)), CancellationToken.None);
        var result = await Ffmpeg.RunAsync(
            new FfmpegJob(folder, [.. FfmpegFixture.Quiet, .. arguments, file], TimeSpan.FromMinutes(3)), CancellationToken.None);
        Assert.True(result.Succeeded, result.StderrTail);
        return await File.ReadAllBytesAsync(Path.Combine(folder.Path, file));
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
