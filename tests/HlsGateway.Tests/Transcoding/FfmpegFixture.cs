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

    internal Ffmpeg With(IsolationKind most) => new(
        Options.Create(new TranscodeOptions { WorkDirectory = Path.Combine(Root, "work"), MaxIsolation = most }),
        Options.Create(new GatewayOptions()), new HostingEnvironment { ContentRootPath = Root }, NullLogger<Ffmpeg>.Instance);

    /// <summary>Makes a media file with one confined run; the arguments stand between the input and the output's name.</summary>
    internal async Task<byte[]> MakeAsync(string file, params string[] arguments)
    {
        using var folder = Ffmpeg.OpenFolder();
        var result = await Ffmpeg.RunAsync(
            new FfmpegJob(folder, [.. FfmpegArguments.Start, .. arguments, file], TimeSpan.FromSeconds(60)), null, CancellationToken.None);
        Assert.True(result.Succeeded, result.StderrTail);
        return await File.ReadAllBytesAsync(folder[file]);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
