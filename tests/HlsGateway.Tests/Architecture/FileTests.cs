using System.Reflection;
using HlsGateway.Media;
using HlsGateway.Trailers;
using HlsGateway.Transcoding;

namespace HlsGateway.Tests.Architecture;

/// <summary>In the rooms that run programs in the sandbox, only few types open files by a path; none of them opens what such a program left.</summary>
public sealed class FileTests
{
    private static readonly string[] Rooms = ["HlsGateway.Media", "HlsGateway.Transcoding", "HlsGateway.Trailers", "HlsGateway.Captioning", "HlsGateway.Content", "HlsGateway.Demo"];

    private static readonly string[] Paths =
        ["System.IO.File", "System.IO.FileInfo", "System.IO.FileStream", "System.IO.FileStreamOptions", "System.IO.Directory", "System.IO.DirectoryInfo", "System.IO.StreamReader", "System.IO.StreamWriter"];

    private static readonly Dictionary<Type, string> Allowed = new()
    {
        [typeof(UntrustedFolder)] = "opens what a program left: names relative to an open folder, through no link",
        [typeof(TreeRemoval)] = "changes the mode of folders that it has opened that way",
        [typeof(RegularFile)] = "a file of the operator's",
        [typeof(JobFolder)] = "makes a job's folder, and copies a file of ours into it",
        [typeof(Stragglers)] = "reads /proc",
        [typeof(Confinement)] = "reads /proc",
        [typeof(ProgramRun)] = "reads what a program writes to its standard output and error",
        [typeof(ProgramCheck)] = "looks at the operator's ffmpeg and ffprobe before the start",
        [typeof(Sandbox)] = "asks whether a program is installed",
        [typeof(PartialUploads)] = "uploads in the making; no program sees their folder",
        [typeof(TusEndpoints)] = "uploads in the making",
        [typeof(TrailerFolder)] = "lists the operator's folder of trailers",
        [typeof(ActiveTrailerCheck)] = "looks for a name in the operator's folder of trailers",
    };

    [Fact]
    public void What_a_program_in_the_sandbox_left_is_opened_by_one_type_alone()
    {
        var users = CompiledUses.Of(typeof(Program).Assembly.GetTypes().Where(type => Rooms.Contains(CompiledUses.Written(type).Namespace)))
            .Where(use => Paths.Contains(use.Type)).Select(use => CompiledUses.Written(use.By)).ToHashSet();
        Assert.Equal(Allowed.Keys.Select(type => type.FullName).Order(), users.Select(type => type.FullName).Order());
    }

    [Fact]
    public void A_jobs_folder_gives_its_path_to_the_command_line_alone()
    {
        var path = typeof(JobFolder).GetProperty(nameof(JobFolder.Path))!.GetMethod;
        var askers = CompiledUses.Of(typeof(Program).Assembly.GetTypes()).Where(use => use.Member is MethodInfo method && method == path).Select(use => CompiledUses.Written(use.By)).ToHashSet();
        Assert.Equal([typeof(JobFolder).FullName, typeof(ProgramRun).FullName, typeof(Sandbox).FullName], askers.Select(type => type.FullName).Order());
    }
}
