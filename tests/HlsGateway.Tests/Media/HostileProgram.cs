using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Media;

/// <summary>Stands in ffmpeg's or ffprobe's place: does what that does, and then what a program does that was broken into.</summary>
internal sealed class HostileProgram : IDisposable
{
    private const UnixFileMode ForAll = (UnixFileMode)0b111_101_101;

    private readonly TemporaryFolder folder = new();

    /// <param name="program">Found in /usr/bin.</param>
    public HostileProgram(string program)
    {
        Path = System.IO.Path.Combine(folder.Path, program);
        File.WriteAllText(Path, $"#!/bin/bash\n/usr/bin/{program} \"$@\" || exit\nlast=\"${{@: -1}}\"\n. \"$(dirname \"$0\")/trick\"\n");
        // Another user than ours runs it.
        File.SetUnixFileMode(Path, ForAll);
        File.SetUnixFileMode(folder.Path, ForAll);
        Do("");
    }

    public string Path { get; }

    /// <param name="trick">Shell, in the job's folder; <c>$last</c> is the command line's last word.</param>
    public void Do(string trick) => File.WriteAllText(System.IO.Path.Combine(folder.Path, "trick"), trick + "\n");

    public void Dispose() => folder.Dispose();
}
