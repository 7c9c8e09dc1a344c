using System.Globalization;

namespace HlsGateway.Media;

/// <summary>
/// What a program in the sandbox started and left running. Its files are read only when no process is left that could change
/// them: a child may leave its group, but not its user, which belongs to one job alone where we are root.
/// </summary>
internal static class Stragglers
{
    /// <summary>A killed process ends at once, unless it waits for a disk that does not answer.</summary>
    private const int Rounds = 1000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Ends what is left of a group, and every process of the job's own user.</summary>
    public static async Task EndAsync(int group, uint user)
    {
        _ = Native.Kill(-group, Native.SigKill);
        if (!Confinement.IsOneJobs(user))
            return;
        for (var round = 0; round < Rounds; round++)
        {
            var any = false;
            foreach (var process in ProcessesOf(user))
            {
                any = true;
                _ = Native.Kill(process, Native.SigKill);
            }

            if (!any)
                return;
            await Task.Delay(Pause);
        }
    }

    private static IEnumerable<int> ProcessesOf(uint user)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"Uid:\t{user}\t");
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            // A zombie (Z) has ended and changes nothing.
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var process)
                && Status(folder) is var status && status.Contains(line, StringComparison.Ordinal) && !status.Contains("State:\tZ", StringComparison.Ordinal))
                yield return process;
        }
    }

    private static string Status(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "status"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile.
            return "";
        }
    }
}
