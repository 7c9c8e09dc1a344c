using System.CommandLine;
using System.Text.Json;
using HlsGateway.Starting;

namespace HlsGateway.CommandLine;

/// <summary><c>hlsgateway config check|show</c>: the options as a start would take them, without a start.</summary>
internal static class ConfigVerb
{
    private sealed record Checked(bool Ok, IReadOnlyList<StartFault> Faults);

    public static Command Create() => new("config", "Checks or shows the options as a start would take them.") { Check(), Show() };

    private static Command Check()
    {
        var (command, json) = Of("check", $"Checks the options and starts nothing: hlsgateway config check --Gateway:DataDirectory=/some/dir. Takes the options of serve. Exit code: 0 all right, {StartFailure.ExitCode} something is wrong.", "Prints ok and faults (key, text) as JSON.");
        command.SetAction(async (asked, ct) =>
        {
            var faults = await FaultsAsync([.. asked.UnmatchedTokens], ct);
            if (asked.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(new Checked(faults.Count == 0, faults), TargetOptions.Json));
            }
            else
            {
                foreach (var fault in faults)
                    await Console.Error.WriteLineAsync(fault.Text);
                if (faults.Count == 0)
                    Console.WriteLine("The options are right.");
            }

            return faults.Count == 0 ? ExitCode.Done : StartFailure.ExitCode;
        });
        return command;
    }

    private static Command Show()
    {
        var (command, json) = Of("show", "Shows every option that has a value, as file, environment and command line together say it; secrets are left out. Takes the options of serve.", "Prints keys and values as one JSON object.");
        command.SetAction(async (asked, _) =>
        {
            var (readable, wrong) = ArgumentCheck.Run(asked.UnmatchedTokens);
            foreach (var fault in wrong)
                await Console.Error.WriteLineAsync(fault.Text);
            if (wrong.Count > 0)
                return StartFailure.ExitCode;
            try
            {
                await using var app = Quiet(readable);
                var sections = app.Services.GetServices<OptionsSection>().Select(section => section.Key.Split(':')[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
                var values = app.Configuration.AsEnumerable().Where(pair => pair.Value is { Length: > 0 } && sections.Contains(pair.Key.Split(':')[0]))
                    .OrderBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase)
                    .Select(pair => KeyValuePair.Create(pair.Key, OptionValue.IsSecret(pair.Key) ? "(set, not shown)" : OptionValue.Told(pair.Value!)));
                if (asked.GetValue(json))
                    Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, string>(values, StringComparer.OrdinalIgnoreCase), TargetOptions.Json));
                else
                    foreach (var (key, value) in values) Console.WriteLine($"{key}={value}");
                return ExitCode.Done;
            }
            catch (Exception e) when (StartFailure.IsOurs(e))
            {
                return StartFailure.Tell(e);
            }
        });
        return command;
    }

    private static (Command, Option<bool>) Of(string name, string description, string jsonDescription)
    {
        var json = new Option<bool>("--json") { Description = jsonDescription };
        return (new Command(name, description) { TreatUnmatchedTokensAsErrors = false, Options = { json } }, json);
    }

    private static async Task<IReadOnlyList<StartFault>> FaultsAsync(string[] arguments, CancellationToken ct)
    {
        var (readable, wrong) = ArgumentCheck.Run(arguments);
        try
        {
            await using var app = Quiet(readable);
            return [.. wrong, .. await StartCheck.RunAsync(app.Services, ct)];
        }
        catch (Exception e) when (StartFailure.Faults(e) is not null)
        {
            return [.. wrong, .. StartFailure.Faults(e)!];
        }
    }

    /// <summary>Everything registered, nothing started; standard output is for the answer alone.</summary>
    private static WebApplication Quiet(string[] arguments)
    {
        var builder = Program.Compose(arguments);
        builder.Logging.ClearProviders();
        return builder.Build();
    }
}
