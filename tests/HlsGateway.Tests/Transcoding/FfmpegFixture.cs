using HlsGateway.Tests.Hosting;
using HlsGateway.Transcoding;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Transcoding;

/// <summary>The real ffmpeg in its confinement, with a work folder of the test's own.</summary>
public sealed class FfmpegFixture : IDisposable
{
    public FfmpegFixture() => Ffmpeg = With(IsolationKind.Bubblewrap);

    public string Root { get; } = Directory.CreateTempSubdirectory("hlsgateway-tests-").FullName;

    internal Ffmpeg Ffmpeg { get; }

    internal Ffmpeg With(IsolationKind most) => With(new TranscodeOptions { WorkDirectory = Path.Combine(Root, "work"), MaxIsolation = most });

    internal Ffmpeg With(TranscodeOptions options) => new(
        Options.Create(options), Options.Create(new GatewayOptions()), new HostingEnvironment { ContentRootPath = Root }, NullLogger<Ffmpeg>.Instance);

    /// <summary>A media file, made with one confined run once for all tests; the arguments stand between the input and the output's name.</summary>
    internal async Task<byte[]> MakeAsync(string file, params string[] arguments)
    {
        var made = await Clips.FolderAsync([file, .. arguments], async folder => await File.WriteAllBytesAsync(Path.Combine(folder, file), await MakeNowAsync(file, arguments)));
        return await File.ReadAllBytesAsync(Path.Combine(made, file));
    }

    private async Task<byte[]> MakeNowAsync(string file, string[] arguments)
    {
        using var folder = Ffmpeg.OpenFolder();
        var result = await Ffmpeg.RunAsync(
            new FfmpegJob(folder, [.. FfmpegArguments.Start, .. arguments, file], TimeSpan.FromMinutes(3)), CancellationToken.None);
        Assert.True(result.Succeeded, result.StderrTail);
        return await File.ReadAllBytesAsync(folder[file]);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
