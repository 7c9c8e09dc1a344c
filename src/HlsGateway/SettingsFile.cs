using Microsoft.Extensions.Configuration.Json;

namespace HlsGateway;

/// <summary>Where appsettings.json is found.</summary>
internal static class SettingsFile
{
    public const string Name = "appsettings.json";

    /// <summary>
    /// A change of the file is noticed by looking at it every few seconds. The system's own notices come for the whole working directory, and so for each
    /// write to a ledger that stands below it: a fourteenth of the CPU under load. Before any configuration is read.
    /// </summary>
    public static void WatchByClock()
    {
        const string polling = "DOTNET_USE_POLLING_FILE_WATCHER";
        if (Environment.GetEnvironmentVariable(polling) is null)
            Environment.SetEnvironmentVariable(polling, "1");
    }

    /// <summary>
    /// Adds the file beside the program where the working directory has none, below everything else: a published program then starts
    /// with its own options from any directory. Never both: lists of two files would be mixed by their indexes.
    /// </summary>
    public static void AddSettingsBesideProgram(this WebApplicationBuilder builder)
    {
        if (File.Exists(Path.Combine(builder.Environment.ContentRootPath, Name)))
            return;
        var beside = new JsonConfigurationSource { Path = Path.Combine(AppContext.BaseDirectory, Name), Optional = true };
        beside.ResolveFileProvider();
        builder.Configuration.Sources.Insert(0, beside);
    }
}
