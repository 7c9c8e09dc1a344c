using System.Globalization;

namespace HlsGateway.CommandLine;

/// <summary>Progress where there is no terminal: a line for each new state of a video, and while a state lasts at most one a second.</summary>
internal sealed class ProgressLines(TextWriter writer, TimeProvider time)
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (string Status, string Line, DateTimeOffset At)> told = new(StringComparer.Ordinal);

    /// <param name="progress">0 to 1.</param>
    public void Tell(string video, string status, double progress)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{video}: {status} {Math.Floor(progress * 100):0} %");
        if (told.TryGetValue(video, out var last) && last.Status == status && (last.Line == line || time.GetUtcNow() - last.At < Between))
            return;
        told[video] = (status, line, time.GetUtcNow());
        writer.WriteLine(line);
    }
}
