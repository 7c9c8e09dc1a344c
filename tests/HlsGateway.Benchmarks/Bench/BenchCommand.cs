using System.CommandLine;
using HlsGateway.Benchmarks.Load;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>The verbs of <c>scripts/bench</c>: the run, and the programs that it starts.</summary>
internal static class BenchCommand
{
    public static IEnumerable<Command> All()
    {
        var kinds = new Argument<string[]>("shapes") { Description = $"Only these: {string.Join(", ", BenchRun.Kinds)}.", Arity = ArgumentArity.ZeroOrMore };
        kinds.AcceptOnlyFromAmong(BenchRun.Kinds);
        var rounds = new Option<int>("--rounds") { Description = "Interleaved rounds.", DefaultValueFactory = _ => 5 };
        var seconds = new Option<double>("--seconds") { Description = "Length of one measurement.", DefaultValueFactory = _ => 4 };
        var root = new Option<string>("--root") { Description = "The top of the repository.", Required = true };
        var gateway = new Option<string>("--gateway") { Description = "HlsGateway.dll.", Required = true };
        var folder = new Option<string>("--folder") { Description = "For everything that is written.", Required = true };
        var postgres = new Option<string?>("--postgres") { Description = "Connection string of an empty database; without it that part is left out." };
        var page = new Option<string>("--page") { Description = "Where the report of a whole run goes.", Required = true };
        var peers = new Option<string?>("--peers") { Description = "Folder of splice.mjs with what it needs; without it that peer is left out." };
        var bench = new Command("bench", "Counted redirects and playlists beside nginx and bare Kestrel, interleaved in one run.") { kinds, rounds, seconds, root, gateway, folder, postgres, peers, page };
        bench.SetAction((arguments, _) => BenchRun.RunAsync(new(
            arguments.GetRequiredValue(root), arguments.GetRequiredValue(gateway), arguments.GetRequiredValue(folder), arguments.GetValue(kinds) ?? [],
            arguments.GetValue(rounds), arguments.GetValue(seconds), arguments.GetValue(postgres), arguments.GetRequiredValue(page), arguments.GetValue(peers))));
        yield return bench;

        var address = new Option<string>("--address") { Description = "http://127.0.0.1:port", Required = true };
        var urls = new Option<string>("--urls") { Description = "A file with a path a line.", Required = true };
        var rate = new Option<int>("--rate") { Description = "Requests per second.", DefaultValueFactory = _ => 2000 };
        var connections = new Option<int>("--connections") { DefaultValueFactory = _ => 256 };
        var pace = new Command("pace", "Sends at a constant pace and prints how long answers took, from when each was due.") { address, urls, rate, connections, seconds };
        pace.SetAction((arguments, _) => PacedLoad.RunAsync(
            new Uri(arguments.GetRequiredValue(address)), arguments.GetRequiredValue(urls), arguments.GetValue(rate), arguments.GetValue(connections), arguments.GetValue(seconds)));
        yield return pace;

        var viewers = new Option<int[]>("--viewers") { Description = "How many; several audiences come one after the other.", DefaultValueFactory = _ => [1000, 10_000], AllowMultipleArgumentsPerToken = true };
        var staying = new Option<double>("--staying") { Description = "Seconds in which all viewers are there.", DefaultValueFactory = _ => 60 };
        var joining = new Option<double>("--joining") { Description = "players: viewers who come in a second; viewers: seconds in which all come.", DefaultValueFactory = _ => 200 };
        var players = new Command("players", "Audiences of viewers who behave as hls.js does, what they cost, and whether each request is counted.") { viewers, joining, staying, root, gateway, folder, page };
        players.SetAction((arguments, _) => PlayersRun.RunAsync(
            new(arguments.GetRequiredValue(root), arguments.GetRequiredValue(gateway), arguments.GetRequiredValue(folder), [], 1, 0, null, arguments.GetRequiredValue(page)),
            arguments.GetValue(viewers) ?? [], arguments.GetValue(joining), arguments.GetValue(staying)));
        yield return players;

        var axes = new Argument<string[]>("axes") { Description = $"Only these: {string.Join(", ", SlopesRun.Axes)}.", Arity = ArgumentArity.ZeroOrMore };
        axes.AcceptOnlyFromAmong(SlopesRun.Axes);
        var most = new Option<long>("--most") { Description = "Sessions of the largest ledger.", DefaultValueFactory = _ => 10_000_000 };
        var slopes = new Command("slopes", "How the cost of a request grows with connections, cores, segments, videos and the ledger.") { axes, rounds, seconds, most, root, gateway, folder, page };
        slopes.SetAction((arguments, _) => SlopesRun.RunAsync(
            new(arguments.GetRequiredValue(root), arguments.GetRequiredValue(gateway), arguments.GetRequiredValue(folder), arguments.GetValue(axes) ?? [], arguments.GetValue(rounds), arguments.GetValue(seconds), null, arguments.GetRequiredValue(page)),
            arguments.GetValue(most)));
        yield return slopes;

        var video = new Option<string>("--video") { Required = true };
        var server = new Option<int>("--server") { Description = "Process id of the gateway.", Required = true };
        var audience = new Command("viewers", "One audience; prints what it saw, at last as JSON.") { address, video, viewers, joining, staying, server };
        audience.SetAction((arguments, _) => ViewersCommand.RunAsync(
            new Uri(arguments.GetRequiredValue(address)),
            new((arguments.GetValue(viewers) ?? [])[0], TimeSpan.FromSeconds(arguments.GetValue(joining)), TimeSpan.FromSeconds(arguments.GetValue(staying)), TimeSpan.FromSeconds(4), arguments.GetRequiredValue(video)),
            arguments.GetValue(server)));
        yield return audience;

        var bare = new Command("bare", "ASP.NET Core with nothing in it but a redirect, as a peer.") { address };
        bare.SetAction((arguments, _) => BarePeer.RunAsync(arguments.GetRequiredValue(address)));
        yield return bare;
    }
}
