using System.CommandLine;
using HlsGateway.Catalogue;

namespace HlsGateway.CommandLine;

/// <summary><c>hlsgateway transcode FILE --id NAME</c>: one file becomes a video, and the command waits for it.</summary>
internal static class TranscodeVerb
{
    public static Command Create()
    {
        var file = new Argument<FileInfo>("FILE") { Description = "The video file." };
        var id = new Option<string>("--id") { Description = "The video's id. A video of this id gets a new revision.", Required = true, HelpName = "NAME" };
        var where = new TargetOptions();
        var command = new Command("transcode", "Uploads a file to a running gateway (or works on a data directory) and waits until viewers can watch it. Exit code: 0 it can be watched, 1 refused or failed, 2 wrong usage, 3 not reachable, 130 interrupted.")
        {
            file, id,
        };
        where.AddTo(command);
        file.Validators.Add(result =>
        {
            if (result.GetValue(file) is { Exists: false } missing)
                result.AddError($"There is no file {missing.FullName}.");
        });
        id.Validators.Add(result =>
        {
            if (!VideoId.IsValid(result.GetValue(id) ?? ""))
                result.AddError("--id: one to eight path segments of letters, digits and . _ : @ + -; none may begin with a dot, be 'subtitles' or end in .m3u8.");
        });
        command.SetAction((asked, ct) => where.RunAsync(asked, [new UploadTask(asked.GetRequiredValue(id), asked.GetRequiredValue(file))], ct));
        return command;
    }
}
