using System.CommandLine;
using System.Text;
using HlsGateway.Catalogue;

namespace HlsGateway.CommandLine;

/// <summary><c>hlsgateway import FOLDER</c>: every video file below a folder becomes a video named for its path.</summary>
internal static class ImportVerb
{
    private static readonly string[] Extensions = [".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m2ts", ".mpg", ".mpeg", ".flv", ".ogv", ".3gp"];

    public static Command Create()
    {
        var folder = new Argument<DirectoryInfo>("FOLDER") { Description = $"Files of {string.Join(' ', Extensions)} below it are taken." };
        var prefix = new Option<string>("--prefix") { Description = "Goes before each id: 'talks/' makes talks/a of a.mp4.", DefaultValueFactory = _ => "", HelpName = "TEXT" };
        var again = new Option<bool>("--again") { Description = "Also those whose id is there already: they get a new revision. Without it they are passed over." };
        var dry = new Option<bool>("--dry-run") { Description = "Only says which file would become which video." };
        var where = new TargetOptions();
        var command = new Command("import", "Takes a whole folder: uploads each video file and waits until all can be watched. A file that is refused does not stop the others. Exit code: 0 all can be watched, 1 some were refused or failed, 2 wrong usage, 3 not reachable, 130 interrupted.")
        {
            folder, prefix, again, dry,
        };
        where.AddTo(command);
        folder.Validators.Add(result =>
        {
            if (result.GetValue(folder) is { Exists: false } missing)
                result.AddError($"There is no folder {missing.FullName}.");
        });
        command.SetAction(async (asked, ct) =>
        {
            var tasks = TasksOf(asked.GetRequiredValue(folder), asked.GetValue(prefix) ?? "");
            if (tasks.Count == 0 || Problem(tasks) is not null)
            {
                await Console.Error.WriteLineAsync(Problem(tasks) ?? "There is no video file in the folder.");
                return ExitCode.Usage;
            }

            if (!asked.GetValue(dry))
                return await where.RunAsync(asked, tasks, ct, skipKnown: !asked.GetValue(again));
            foreach (var task in tasks)
                where.Tell(asked, task.Video, task.File);
            return ExitCode.Done;
        });
        return command;
    }

    internal static List<UploadTask> TasksOf(DirectoryInfo folder, string prefix) =>
        [.. folder.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
            .Where(file => Extensions.Contains(file.Extension, StringComparer.OrdinalIgnoreCase))
            .OrderBy(file => file.FullName, StringComparer.Ordinal)
            .Select(file => new UploadTask(prefix + IdOf(Path.ChangeExtension(Path.GetRelativePath(folder.FullName, file.FullName), null)), file))];

    /// <summary>What an id cannot hold becomes <c>-</c>: <c>My film (1)</c> is <c>My-film-1</c>.</summary>
    internal static string IdOf(string path)
    {
        var segments = path.Split('/').Select(segment =>
        {
            var id = new StringBuilder(segment.Length);
            foreach (var c in segment)
            {
                if (char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '@' or '+')
                    id.Append(c);
                else if (id.Length > 0 && id[^1] != '-')
                    id.Append('-');
            }

            return id.ToString().Trim('-').TrimStart('.') is { Length: > 0 } usable ? usable : "video";
        });
        return string.Join('/', segments);
    }

    private static string? Problem(List<UploadTask> tasks) =>
        tasks.FirstOrDefault(task => !VideoId.IsValid(task.Video)) is { } bad ? $"{bad.File.FullName} would become '{bad.Video}', which cannot be a video's id. Rename it or its folder, or change --prefix."
        : tasks.GroupBy(task => task.Video, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? $"{string.Join(" and ", twice.Select(task => task.File.FullName))} would both become '{twice.Key}'. Rename one."
        : null;
}
