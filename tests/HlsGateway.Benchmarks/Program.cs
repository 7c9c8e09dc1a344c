using System.CommandLine;
using HlsGateway.Benchmarks;
using HlsGateway.Benchmarks.Bench;

var events = new Option<int>("--events") { Description = "Requests to make.", DefaultValueFactory = _ => 5_000_000 };
var hours = new Option<double>("--hours") { Description = "Time that they are spread over, up to now: fewer hours are more sessions at once.", DefaultValueFactory = _ => 144 };
var videos = new Option<int>("--videos") { Description = "Videos that they are spread over, the n-th with 1/n of the first one's.", DefaultValueFactory = _ => 500 };
var data = new Option<string>("--data") { Description = "Folder for the ledger; must hold none.", Required = true };
var postgres = new Option<string?>("--postgres") { Description = "Connection string of an empty database; without it the ledger is embedded." };
var load = new Command("load", "Makes the requests of a synthetic audience, loads them as playback would, and prints how fast.") { events, hours, videos, data, postgres };
load.SetAction((arguments, _) => LoadBenchmark.RunAsync(
    arguments.GetValue(events), TimeSpan.FromHours(arguments.GetValue(hours)), arguments.GetValue(videos), arguments.GetRequiredValue(data), arguments.GetValue(postgres)));

var sessions = new Option<int>("--sessions") { Description = "Sessions to make.", DefaultValueFactory = _ => 1_000_000 };
var days = new Option<double>("--days") { Description = "Time in which they begin, up to now.", DefaultValueFactory = _ => 28 };
var ledger = new Command("ledger", "Makes a ledger of that many sessions, past the outbox: for looking at reports over many of them.") { sessions, days, videos, data, postgres };
ledger.SetAction(async (arguments, _) =>
{
    var (count, kinds, until, over) = (arguments.GetValue(sessions), arguments.GetValue(videos), DateTimeOffset.UtcNow, TimeSpan.FromDays(arguments.GetValue(days)));
    if (arguments.GetValue(postgres) is { } database) await BigLedger.MakeAsync(database, count, kinds, until, over);
    else BigLedger.Make(arguments.GetRequiredValue(data), count, kinds, until, over);
});

var viewers = new Option<int>("--sessions") { Description = "Viewers who come in turn.", DefaultValueFactory = _ => 3000 };
var segments = new Option<int>("--segments") { Description = "Segments of a session.", DefaultValueFactory = _ => 6 };
var seconds = new Option<int>("--seconds") { Description = "How long, after a warm-up of a third of it.", DefaultValueFactory = _ => 10 };
var rate = new Option<int>("--rate") { Description = "Requests a second; 0 for as many as go.", DefaultValueFactory = _ => 0 };
var renew = new Option<bool>("--renew") { Description = "A viewer who has seen all segments is followed by another, instead of seeing them again." };
var merge = new Command("merge", "What it costs to count a request of viewers who come in turn, merging included.") { viewers, segments, seconds, rate, renew, data, postgres };
merge.SetAction((arguments, _) => new MergeBenchmark(
    arguments.GetValue(viewers), arguments.GetValue(segments), arguments.GetValue(seconds), arguments.GetValue(rate), arguments.GetValue(renew)).RunAsync(arguments.GetRequiredValue(data), arguments.GetValue(postgres)));

var outbox = new Command("outbox", "What one durable commit costs, by its form and by the requests that share it.");
outbox.SetAction(_ => OutboxBenchmark.Run());
var render = new Command("render", "What it costs to render a playlist.");
render.SetAction(_ => RenderBenchmark.Run(Console.Out));
var memory = new Command("memory", "What a full playlist cache takes of the heap, and what a connection holds that takes nothing.");
memory.SetAction((_, _) => MemoryBenchmark.RunAsync(Console.Out));
var transcode = new Command("transcode", "A whole job's time beside one plain ffmpeg command that makes the same outputs.");
transcode.SetAction((_, _) => TranscodeBenchmark.RunAsync());

var all = new RootCommand("Numbers that decide something.") { outbox, render, memory, transcode, load, ledger, merge };
foreach (var command in BenchCommand.All()) all.Add(command);
return await all.Parse(args).InvokeAsync();
