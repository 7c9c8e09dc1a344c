using System.CommandLine;
using System.Data.Common;
using HlsGateway.Starting;

namespace HlsGateway.CommandLine;

/// <summary>A verb that works with the options of serve, and starts nothing of it.</summary>
internal static class Offline
{
    public const string ExitCodes = "Takes the options of serve. Exit code: 0 done, 1 refused or failed, 3 PostgreSQL cannot be reached, 78 wrong configuration, 130 interrupted.";

    public static async Task<int> RunAsync(ParseResult asked, DirectoryInfo? data, Func<WebApplication, CancellationToken, Task> work, CancellationToken ct)
    {
        var (readable, wrong) = ArgumentCheck.Run(asked.UnmatchedTokens);
        foreach (var fault in wrong)
            await Console.Error.WriteLineAsync(fault.Text);
        if (wrong.Count > 0)
            return StartFailure.ExitCode;
        try
        {
            var builder = Program.Compose([.. readable, .. data is null ? Array.Empty<string>() : [$"--Gateway:DataDirectory={data.FullName}"]]);
            builder.Logging.ClearProviders();
            await using var parts = builder.Build();
            await work(parts, ct);
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Interrupted; call it again.");
            return ExitCode.Interrupted;
        }
        catch (DbException e) when (e is Npgsql.NpgsqlException and not Npgsql.PostgresException)
        {
            await Console.Error.WriteLineAsync($"hlsgateway: PostgreSQL cannot be reached: {e.Message}");
            return ExitCode.Unreachable;
        }
        catch (WrongStartException e)
        {
            return StartFailure.Tell(e);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException or DbException or Amazon.Runtime.AmazonServiceException or Amazon.Runtime.AmazonClientException)
        {
            await Console.Error.WriteLineAsync($"hlsgateway: {e.Message}");
            return ExitCode.Failed;
        }
    }
}
