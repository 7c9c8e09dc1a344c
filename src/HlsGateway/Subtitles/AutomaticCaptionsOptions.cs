using Microsoft.Extensions.Options;

namespace HlsGateway.Subtitles;

/// <summary>The section <c>Subtitles:Automatic</c>: a program that is given a video's sound and answers WebVTT on its standard output.</summary>
internal sealed class AutomaticCaptionsOptions
{
    /// <summary>In an argument: the file with the sound.</summary>
    public const string AudioMark = "{audio}";

    /// <summary>In an argument: the language that was asked for; in a name: that language's own name.</summary>
    public const string LanguageMark = "{language}";

    /// <summary>A name on the path, or an absolute path; empty: no automatic captions.</summary>
    public string Command { get; init; } = "";

    /// <summary>Its arguments, one word each, with <c>{audio}</c> and <c>{language}</c> filled in; empty means <c>{audio}</c> alone.</summary>
    public string[] Arguments { get; init; } = [];

    /// <summary>Absolute paths of folders that the program may read beside its own and <c>/usr</c>, such as one that holds a model.</summary>
    public string[] ReadableFolders { get; init; } = [];

    /// <summary>BCP 47: of the captions that an upload gets, and of those asked for without a language.</summary>
    public string Language { get; init; } = "en";

    /// <summary>What players show.</summary>
    public string Name { get; init; } = $"{LanguageMark} (automatic)";

    /// <summary>Each published upload gets captions; otherwise those that somebody asks for.</summary>
    public bool OnPublish { get; init; } = true;

    /// <summary>Wall time of one run, after which the program and all that it has started are killed.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Virtual memory of one process of it, bytes: a model is mapped whole.</summary>
    public long MemoryBytes { get; init; } = 16L << 30;

    /// <summary>Runs at a time in one worker process, beside the uploads it works on.</summary>
    public int Concurrency { get; init; } = 1;

    internal bool IsOn => Command.Length > 0;

    internal IEnumerable<string> Words(string audio, string language) =>
        (Arguments.Length > 0 ? Arguments : [AudioMark]).Select(word =>
            word.Replace(AudioMark, audio, StringComparison.Ordinal).Replace(LanguageMark, language, StringComparison.Ordinal));

    internal string NameOf(string language) => Name.Replace(LanguageMark, LanguageTag.NativeName(language), StringComparison.Ordinal);
}

/// <summary>Stops the start with the key's name and the reason. Only a worker needs the program itself.</summary>
internal sealed class AutomaticCaptionsOptionsValidator(IOptions<GatewayOptions> gateway, IHostEnvironment environment) : IValidateOptions<SubtitlesOptions>
{
    private const string Key = "Subtitles:Automatic:";

    public ValidateOptionsResult Validate(string? name, SubtitlesOptions options)
    {
        var automatic = options.Automatic;
        var failures = new List<string>();
        if (!LanguageTag.TryRead(automatic.Language, out _))
            failures.Add($"{Key}Language is '{automatic.Language}'; it must be a BCP 47 tag such as en, pt-BR or zh-Hant.");
        if (!CaptionProblems.IsName(automatic.NameOf("en")))
            failures.Add($"{Key}Name must have 1 to 100 characters without double quotes, line ends, control characters or direction overrides.");
        if (automatic.Deadline < TimeSpan.FromSeconds(1) || automatic.Deadline > TimeSpan.FromHours(12))
            failures.Add($"{Key}Deadline must be between 00:00:01 and 12:00:00.");
        if (automatic.MemoryBytes is < 1 << 20 or > 1L << 42)
            failures.Add($"{Key}MemoryBytes must be between 1 MiB and 4 TiB.");
        if (automatic.Concurrency is < 1 or > 64)
            failures.Add($"{Key}Concurrency must be between 1 and 64.");
        if (automatic.Arguments.Length > 0 && !automatic.Arguments.Any(word => word.Contains(AutomaticCaptionsOptions.AudioMark, StringComparison.Ordinal)))
            failures.Add($"{Key}Arguments do not contain {AutomaticCaptionsOptions.AudioMark}; write it where the program expects the sound file.");
        if (automatic.IsOn && gateway.Value.Has("worker"))
            failures.AddRange(Missing(automatic));
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private IEnumerable<string> Missing(AutomaticCaptionsOptions automatic)
    {
        if (!Media.Sandbox.Finds(automatic.Command))
            yield return $"{Key}Command is '{automatic.Command}'; there is no such program. Write an absolute path, or a name that is found on {Media.Sandbox.SearchPath}.";
        var data = gateway.Value.DataPath(environment);
        if (Path.GetDirectoryName(automatic.Command) is { Length: > 0 } own && Path.IsPathRooted(own) && Reach(own, data))
            yield return $"{Key}Command stands in '{own}'; the data directory holds keys and must not be within the program's reach.";
        for (var i = 0; i < automatic.ReadableFolders.Length; i++)
        {
            var folder = automatic.ReadableFolders[i];
            if (!Path.IsPathFullyQualified(folder) || !Directory.Exists(folder))
                yield return $"{Key}ReadableFolders:{i} is '{folder}'; it must be the absolute path of a folder that is there.";
            else if (Reach(folder, data))
                yield return $"{Key}ReadableFolders:{i} is '{folder}'; the data directory holds keys and must not be within the program's reach.";
        }
    }

    private static bool Reach(string folder, string data) => Holds(folder, data) || Holds(data, folder);

    private static bool Holds(string outer, string inner) =>
        (Path.GetFullPath(inner).TrimEnd('/') + "/").StartsWith(Path.GetFullPath(outer).TrimEnd('/') + "/", StringComparison.Ordinal);
}
