using Spectre.Console;

namespace HlsGateway.CommandLine;

/// <summary>
/// Uploads files one after the other, waits for all of them, and shows the progress of each: bars on a terminal, else lines on standard
/// error. Standard output is for the results.
/// </summary>
internal static class UploadProgress
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(250);

    /// <summary>The part of the bar that the upload takes; the rest is transcoding.</summary>
    private const double Sending = 0.1;

    /// <param name="plain">Lines on a terminal too.</param>
    /// <returns>One for each task, in their order.</returns>
    public static async Task<IReadOnlyList<UploadOutcome>> RunAsync(
        VideoTarget target, IReadOnlyList<UploadTask> tasks, bool skipKnown, bool plain, CancellationToken ct)
    {
        if (plain || Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive)
        {
            var lines = new ProgressLines(Console.Error, TimeProvider.System);
            return await FollowAsync(target, tasks, skipKnown, lines.Tell, ct);
        }

        return await AnsiConsole.Progress().HideCompleted(tasks.Count > 10)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var bars = new Dictionary<string, ProgressTask>(StringComparer.Ordinal);
                return await FollowAsync(target, tasks, skipKnown, (video, status, progress) =>
                {
                    if (!bars.TryGetValue(video, out var bar))
                        bars[video] = bar = context.AddTask(video, maxValue: 1);
                    bar.Description = Markup.Escape($"{video} {status}");
                    bar.Value = progress;
                    if (status is "ready" or "refused" or "failed" or "cancelled" or "skipped")
                        bar.StopTask();
                }, ct);
            });
    }

    private static async Task<IReadOnlyList<UploadOutcome>> FollowAsync(
        VideoTarget target, IReadOnlyList<UploadTask> tasks, bool skipKnown, Action<string, string, double> tell, CancellationToken ct)
    {
        var outcomes = new UploadOutcome?[tasks.Count];
        for (var i = 0; i < tasks.Count; i++)
        {
            var video = tasks[i].Video;
            if (skipKnown && await target.StateAsync(video, ct) is { Status: not ("failed" or "cancelled") } known)
                outcomes[i] = known with { Status = "skipped" };
            else
                outcomes[i] = await target.SendAsync(tasks[i], sent => tell(video, "uploading", Sending * sent), ct);
            if (outcomes[i] is { } ended)
                tell(video, ended.Status, 1);
        }

        while (outcomes.Any(outcome => outcome is null))
        {
            for (var i = 0; i < tasks.Count; i++)
            {
                if (outcomes[i] is not null)
                    continue;
                var video = tasks[i].Video;
                var state = await target.StateAsync(video, ct) ?? new UploadOutcome(video, "cancelled", 0, "It was deleted meanwhile.", null, null, null);
                tell(video, state.Status, state.IsFinal ? 1 : Sending + ((1 - Sending) * state.Progress));
                if (state.IsFinal)
                    outcomes[i] = state;
            }

            if (outcomes.Any(outcome => outcome is null))
                await Task.Delay(Between, ct);
        }

        return [.. outcomes.OfType<UploadOutcome>()];
    }
}
