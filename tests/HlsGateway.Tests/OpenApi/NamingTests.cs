using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.OpenApi;

/// <summary>One name per thing in all that the API says: a client that knows one answer can guess the names of the next.</summary>
public sealed class NamingTests : IAsyncLifetime
{
    /// <summary>Times whose names do not end in <c>_at</c>.</summary>
    private static readonly HashSet<string> Times = new(StringComparer.Ordinal)
    {
        "from", "to", // The ends of a range.
        "at", // When an event happened, in lists of events, and the moment that a plan is about.
        "as_of", "counted_to", // Up to when everything is counted in.
        "ActivateTrailer.until", "ChangeScheduleEntry.until", // The older name of `to` in what clients send.
    };

    /// <summary>Numbers whose names speak of time, and that are no lengths in seconds.</summary>
    private static readonly HashSet<string> Numbers = new(StringComparer.Ordinal)
    {
        "lag_ms", // How far counting is behind; a wait of milliseconds.
        "VideoView.duration", // The older name of `duration_seconds`.
        "RetentionPoint.second", "Moment.from_second", "Moment.to_second", // Which second of the content, and no length.
        "forged_duration", // A number of requests.
    };

    private static readonly string[] WordsOfLengths = ["duration", "length", "lifetime", "time", "watched", "played", "eta", "lag", "ms", "millis", "minutes", "hours", "sec", "secs", "second"];

    /// <summary>Other words for what has a name.</summary>
    private static readonly HashSet<string> Strangers = new(StringComparer.Ordinal) { "until", "since", "start", "end", "who", "by", "user", "author", "subtitles", "languages", "timestamp", "date", "created", "updated", "expires", "duration_ms" };

    private GatewayHost host = null!;
    private ApiDocument document = null!;

    public async Task InitializeAsync()
    {
        host = await GatewayHost.StartAsync();
        document = await ApiDocument.OfAsync(host);
    }

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public void A_time_is_named_at_or_is_an_end_of_a_range()
    {
        var times = Named(value => value.TryGetProperty("format", out var format) && format.GetString() == "date-time").ToList();
        Assert.NotEmpty(times);
        Assert.Empty(times.Where(each => !each.Name.EndsWith("_at", StringComparison.Ordinal) && !Times.Contains(each.Name) && !Times.Contains(each.Full)).Select(each => each.Full));
    }

    [Fact]
    public void What_is_named_at_is_a_time()
    {
        var named = Named(_ => true).Where(each => each.Name.EndsWith("_at", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(named);
        // What the maker of a token or a link writes is read as a text, to say what is wrong with it.
        Assert.Empty(named.Where(each => !each.Value.TryGetProperty("format", out var format) || format.GetString() != "date-time").Select(each => each.Full).Except(["NewToken.expires_at", "NewShare.expires_at"]));
    }

    [Fact]
    public void A_length_is_named_seconds()
    {
        var lengths = Named(IsNumber).Where(each => each.Name.Split('_').Intersect(WordsOfLengths, StringComparer.Ordinal).Any()).ToList();
        Assert.NotEmpty(lengths);
        Assert.Empty(lengths.Where(each => !each.Name.Split('_').Contains("seconds", StringComparer.Ordinal) && !Numbers.Contains(each.Name) && !Numbers.Contains(each.Full)).Select(each => each.Full));
    }

    /// <summary>Who did a thing is `actor` in lists of events; beside a time `created_at` it is `created_by`, since a thing can have several.</summary>
    [Fact]
    public void Who_did_it_stands_beside_when()
    {
        var all = Named(_ => true).Select(each => each.Full).ToHashSet(StringComparer.Ordinal);
        var by = all.Where(name => name.EndsWith("_by", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(by);
        Assert.All(by, name => Assert.Contains(name[..^3] + "_at", all));
    }

    [Fact]
    public void Nothing_has_a_second_name() =>
        Assert.Empty(Named(_ => true).Where(each => Strangers.Contains(each.Name) && !Times.Contains(each.Full)).Select(each => each.Full));

    /// <summary>Properties of bodies, and parameters of queries.</summary>
    private IEnumerable<(string Full, string Name, JsonElement Value)> Named(Func<JsonElement, bool> which) =>
        document.Properties.Select(property => ($"{property.Schema}.{property.Name}", property.Name, property.Value))
            .Concat(from call in document.Calls
                    from parameter in call.Parameters
                    where parameter.GetProperty("in").GetString() == "query"
                    let name = parameter.GetProperty("name").GetString()!
                    select ($"{call} {name}", name, parameter.GetProperty("schema")))
            .Where(each => which(each.Item3));

    private static bool IsNumber(JsonElement value) =>
        value.TryGetProperty("type", out var type) && (type.ToString().Contains("number", StringComparison.Ordinal) || type.ToString().Contains("integer", StringComparison.Ordinal));
}
