using System.CommandLine;
using System.Text.Json;
using HlsGateway.Access;
using HlsGateway.Starting;
using HlsGateway.Tokens;

namespace HlsGateway.CommandLine;

/// <summary><c>hlsgateway tokens list|create|revoke</c>: who may call the API.</summary>
internal static class TokensVerb
{
    private const string ExitCodes = "Exit code: 0 done, 1 refused, 2 wrong usage, 3 not reachable, 78 wrong configuration, 130 interrupted.";

    public static Command Create() => new("tokens", "Lists, makes and revokes API tokens, at a running gateway or in its data directory or database.") { List(), Make(), Revoke() };

    private static Command List()
    {
        var command = new Command("list", $"Lists the tokens, without their secrets. A running gateway tells those of its configuration too. {ExitCodes}");
        var where = new Where(command, "Prints each token as JSON, one line each.");
        command.SetAction((asked, ct) => where.RunAsync(asked, async target =>
        {
            foreach (var token in await target.ListAsync(ct))
            {
                var ends = token.RevokedAt is { } revoked ? $"revoked {Rfc3339.Text(revoked)} by {token.RevokedBy}"
                    : token.ExpiresAt is { } end ? $"until {Rfc3339.Text(end)}" : "";
                Console.WriteLine(where.Json(asked) ? JsonSerializer.Serialize(token, TargetOptions.Json)
                    : $"{token.Id,-18} {token.State.ToString().ToLowerInvariant(),-8} {token.Role,-9} {token.Name}{(ends.Length > 0 ? $", {ends}" : "")}");
            }
        }, ct));
        return command;
    }

    private static Command Make()
    {
        var name = new Argument<string>("NAME") { Description = "Whose token it is; stands in the list of changes." };
        var role = new Option<string>("--role") { Description = $"One of {string.Join(", ", Roles.All)}.", Required = true, HelpName = "ROLE" };
        var expires = new Option<string?>("--expires") { Description = "When it ends (2026-12-31T00:00:00Z). Default: when it is revoked.", HelpName = "TIME" };
        var command = new Command("create", $"Makes a token and prints its secret, this once, on standard output: TOKEN=$(hlsgateway tokens create anna --role editor). {ExitCodes}") { name, role, expires };
        var where = new Where(command, "Prints the token with its secret as JSON.");
        command.SetAction((asked, ct) => where.RunAsync(asked, async target =>
        {
            var made = await target.CreateAsync(new NewToken(asked.GetValue(name), asked.GetValue(role), asked.GetValue(expires)), ct);
            Console.WriteLine(where.Json(asked) ? JsonSerializer.Serialize(made, TargetOptions.Json) : made.Token);
            if (!where.Json(asked))
                await Console.Error.WriteLineAsync($"Token {made.Id} of {made.Name} ({made.Role}){(made.ExpiresAt is { } end ? $", until {Rfc3339.Text(end)}" : "")}. The secret is shown this once.");
        }, ct));
        return command;
    }

    private static Command Revoke()
    {
        var id = new Argument<string>("ID") { Description = "The id that 'tokens list' shows." };
        var command = new Command("revoke", $"Revokes a token for good, at every gateway that shares the database. {ExitCodes}") { id };
        var where = new Where(command, "Prints id and state as JSON.");
        command.SetAction((asked, ct) => where.RunAsync(asked, async target =>
        {
            await target.RevokeAsync(asked.GetRequiredValue(id), ct);
            Console.WriteLine(where.Json(asked) ? JsonSerializer.Serialize(new { id = asked.GetRequiredValue(id), state = "revoked" }, TargetOptions.Json) : $"Token {asked.GetRequiredValue(id)} is revoked.");
        }, ct));
        return command;
    }

    /// <summary>The options that say where the tokens are, and what all three verbs do about trouble.</summary>
    private sealed class Where
    {
        private readonly ApiOptions api = new("admin");

        private readonly Option<DirectoryInfo?> data = new("--data")
        {
            Description = "Works on this data directory instead, with the options of appsettings.json and the environment. A gateway may be running on it.",
            HelpName = "DIR",
        };

        private readonly Option<string?> ledger = new("--ledger")
        {
            Description = "Works on this PostgreSQL database instead (ConnectionStrings:Ledger). Other users of the machine see command lines: better set ConnectionStrings__Ledger and give --data.",
            HelpName = "CONNECTION",
        };

        private readonly Option<bool> json;

        public Where(Command command, string jsonDescription)
        {
            json = new Option<bool>("--json") { Description = jsonDescription };
            api.AddTo(command);
            command.Options.Add(data);
            command.Options.Add(ledger);
            command.Options.Add(json);
        }

        public bool Json(ParseResult asked) => asked.GetValue(json);

        public async Task<int> RunAsync(ParseResult asked, Func<TokenTarget, Task> work, CancellationToken ct)
        {
            try
            {
                await using TokenTarget target = asked.GetValue(data) is not null || asked.GetValue(ledger) is not null
                    ? new OfflineTokens(asked.GetValue(data)?.FullName, asked.GetValue(ledger))
                    : new RemoteTokens(api.Address(asked), api.Token(asked));
                await work(target);
                return ExitCode.Done;
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("Interrupted.");
                return ExitCode.Interrupted;
            }
            catch (RefusedException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return ExitCode.Failed;
            }
            catch (UnreachableTargetException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return ExitCode.Unreachable;
            }
            catch (Exception e) when (StartFailure.IsOurs(e))
            {
                return StartFailure.Tell(e);
            }
        }
    }
}
