using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using HlsGateway.Counting;
using HlsGateway.Playback;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Counting.Judge;

/// <summary>A viewer who does at random what viewers, players, proxies and forgers do, over HTTP, and remembers all of it.</summary>
internal sealed class JudgedViewer(IReadOnlyList<GatewayHost> gateways, Random random, string video, DateTimeOffset begin, ConcurrentBag<Told> memory)
{
    public const uint TrailerVersion = 0x0badcafe;
    private const string TrailerPath = "720p/~t/branding@0badcafe/ts-1280x720-25_1-main-48000x2/";

    private static readonly (string Agent, PlayerFamily Family)[] Agents =
        [("Mozilla/5.0 (X11; Linux x86_64)", PlayerFamily.Browser), ("VLC/3.0.20 LibVLC/3.0.20", PlayerFamily.Vlc), ("curl/8.5.0", PlayerFamily.Tool), ("", PlayerFamily.Unknown)];

    private readonly (string Agent, PlayerFamily Family) agent = Agents[random.Next(Agents.Length)];
    private readonly JudgedStream stream = JudgedStream.Of(video);
    private readonly Dictionary<JudgedStream.Track, Uri[]> segments = [];
    private readonly bool tells = random.Next(3) > 0;

    /// <summary>Sits back and watches, with a segment in the buffer; the others leap about and tell whatever comes to mind.</summary>
    private readonly bool steady = random.Next(3) == 0;

    private readonly bool ranges = random.Next(2) == 0;

    /// <summary>Its page sends event reports, stamped by a clock that nobody has set.</summary>
    private readonly bool reports = random.Next(2) == 0;
    private readonly long clock = random.Next(-100_000, 100_000);
    private readonly List<ToldEvent> unsent = [];
    private readonly List<ToldEvent> sent = [];
    private long now = begin.ToUnixTimeMilliseconds();
    private string token = "";
    private uint trailer;
    private Guid session;
    private string initialization = "";

    /// <summary>Milliseconds in the buffer, where the player is not to say what comes to mind.</summary>
    private int? ahead;

    /// <summary>Watches all of it without a pause, and then the trailer.</summary>
    public bool Thorough { get; init; }

    /// <summary>Begins a session and loads its playlists, from whichever gateway.</summary>
    /// <param name="here">At this gateway, which learns whose the playlists are.</param>
    public async Task BeginAsync(bool here = false)
    {
        var master = new Uri(gateways[0].Address, $"watch/{video}/playlist.m3u8");
        if (!here && (Thorough || random.Next(4) == 0))
        {
            // Began at a gateway that had a trailer, and whose ledger is another one.
            var text = new byte[SessionToken.Length];
            SessionToken.Begin(video, TrailerVersion, begin).Write(Keys, video, text);
            (token, trailer) = (Encoding.ASCII.GetString(text), TrailerVersion);
        }
        else
        {
            var text = await TextAsync(master);
            token = Viewer.SessionOf(new Uri(master, Viewer.Uris(text).First()));
        }
        session = new Guid(System.Buffers.Text.Base64Url.DecodeFromChars(token).AsSpan(0, 16), bigEndian: true);
        if (trailer == 0) Remember(HitKind.SessionStart, HitRule.Counted, "playlist.m3u8", 0, 0);
        // Asked for again with its session, it begins no other.
        if (random.Next(5) == 0) await TextAsync(new Uri($"{master}?session_id={token}"));
        foreach (var track in stream.Tracks)
        {
            var address = new Uri(gateways[0].Address, $"watch/{video}/{track.Playlist}?session_id={token}&p={track.Kind switch { HitKind.Audio => "a", HitKind.IFrame => "i", _ => "v" }}");
            var playlist = await TextAsync(address);
            segments[track] = [.. Viewer.Uris(playlist).Select(uri => new Uri(address, uri))];
            if (playlist.Split("#EXT-X-MAP:URI=\"") is [_, var map]) initialization = new Uri(address, map.Split('"')[0]).AbsoluteUri;
        }
    }

    /// <param name="steps">Requests of one who leaps about; a steady one goes to the end first.</param>
    public async Task WatchAsync(int steps)
    {
        if (steady || Thorough)
        {
            for (var index = 0; index < stream.High.Seconds.Length; index++)
            {
                now += 4000 + random.Next(300);
                await AskAsync(stream.High, index, HitRule.Counted);
                await ReportAsync(new(now + clock, Math.Max(0, (index - 1) * 4000) + random.Next(200), random.Next(8) == 0 ? 1.5m : null, Thorough || random.Next(8) > 0));
            }
            now += 8500;
            await ReportAsync(new(now + clock, stream.LengthMs - random.Next(300), null, Thorough));
            await WatchTrailerAsync();
            steps = 6;
        }
        var (track, position) = (stream.High, 0);
        for (; steps > 0; steps--)
        {
            now += random.Next(6000);
            if (random.Next(6) == 0) track = random.Next(2) == 0 ? stream.High : stream.Low;
            if (random.Next(8) == 0) position = random.Next(stream.LengthMs);
            if (position >= stream.LengthMs) position = 0;
            var index = track.At(position);
            await StepAsync(track, index);
            await ReportAsync(new(now + clock, Math.Max(0, position - random.Next(5000)), random.Next(6) switch { 0 => 2m, 1 => 0.25m, 2 => 60m, _ => null }, random.Next(3) > 0));
            position = track.Bounds[index + 1];
        }
        // Whoever comes back on the day after next has no session any more.
        if (random.Next(5) == 0)
        {
            now += (long)TimeSpan.FromHours(49).TotalMilliseconds;
            await AskAsync(stream.High, random.Next(15), HitRule.ExpiredSession);
        }
    }

    private async Task WatchTrailerAsync()
    {
        if (trailer == 0) return;
        foreach (var (index, buffer, place) in ((int, int, int)[])[(0, 1000, 300), (1, 1000, 1900), (1, 200, 2900)])
        {
            ahead = buffer;
            await TrailerAsync(index);
            await ReportAsync(new(now + clock, stream.LengthMs + place, null, true));
            now += 1500 + random.Next(500);
        }
        ahead = null;
    }

    /// <summary>Sent at once or later, to whichever gateway, in whatever order, now and then twice, among lines that are none, or with a session that is none.</summary>
    private async Task ReportAsync(ToldEvent happened)
    {
        if (!reports) return;
        unsent.Add(happened);
        if (random.Next(3) == 0) return;
        var again = random.Next(5) == 0 ? sent.Skip(random.Next(sent.Count)).Take(1) : [];
        ToldEvent[] posted = [.. unsent, .. again];
        random.Shuffle(posted);
        var lines = posted.Select(Line).Append(random.Next(4) switch { 0 => "e=t,pt=-5,sta=p,ts=x", 1 => "\"", 2 => "e=t,sta=p,ts=1800000000000", _ => "" });
        var broken = random.Next(8) == 0;
        await PostAsync(string.Join(random.Next(2) == 0 ? "\n" : "\r\n", lines), broken ? random.Next(2) == 0 ? new string('x', SessionToken.Length) : OfAnotherVideo() : token);
        if (broken) return;
        foreach (var each in posted) Remember(HitKind.Report, HitRule.Counted, "~cmcd", each.Ms, 0, happened: each);
        sent.AddRange(unsent);
        unsent.Clear();
    }

    private static string Line(ToldEvent each)
    {
        var (rate, state) = (each.Rate is { } pr ? string.Create(CultureInfo.InvariantCulture, $",pr={pr}") : "", each.Plays ? "p" : "a");
        return $"e=t{rate},pt={each.Ms},sid=\"a, b\",sta={state},ts={each.At},v=2";
    }

    private async Task PostAsync(string body, string session)
    {
        var gateway = gateways[random.Next(gateways.Count)];
        using var request = Request(HttpMethod.Post, $"{gateway.Address}watch/{video}/{(random.Next(2) == 0 ? "720p/" : "")}~cmcd?session_id={session}");
        request.Content = new StringContent(body);
        using var answer = await gateway.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    private SigningKeys Keys => gateways[0].Services.GetRequiredService<SigningKeys>();

    private Task StepAsync(JudgedStream.Track track, int index) => random.Next(20) switch
    {
        0 => AskAsync(track, index, HitRule.Counted, HttpMethod.Head),
        1 => AskAsync(track, index, HitRule.ForgedDuration),
        2 => AskAsync(track, index, HitRule.ForgedSession),
        3 => AskAsync(track, index, HitRule.Anonymous),
        4 => AskAsync(stream.Sound, random.Next(15), HitRule.Counted),
        5 => AskAsync(stream.IFrames, random.Next(15), HitRule.Counted),
        6 => OtherAsync(),
        7 => CaptionAsync(),
        8 or 9 when trailer != 0 => TrailerAsync(random.Next(2)),
        // A retry, at once and elsewhere; and two at once.
        10 => TwiceAsync(track, index),
        11 => Task.WhenAll(AskAsync(track, index, HitRule.Counted), AskAsync(stream.Sound, random.Next(15), HitRule.Counted)),
        _ => AskAsync(track, index, HitRule.Counted),
    };

    private async Task TwiceAsync(JudgedStream.Track track, int index)
    {
        await AskAsync(track, index, HitRule.Counted);
        now += random.Next(3);
        await AskAsync(track, index, HitRule.Counted);
    }

    private async Task AskAsync(JudgedStream.Track track, int index, HitRule rule, HttpMethod? method = null)
    {
        var uri = segments[track][index].AbsoluteUri;
        uri = rule switch
        {
            HitRule.ForgedDuration => uri.Replace("&t=", "0&t=", StringComparison.Ordinal),
            HitRule.ForgedSession => uri.Replace(token, random.Next(2) == 0 ? new string('x', SessionToken.Length) : OfAnotherVideo(), StringComparison.Ordinal),
            HitRule.Anonymous => uri.Split('?')[0],
            _ => uri,
        };
        var (start, length) = rule is HitRule.ForgedDuration ? (0, 0) : (track.Bounds[index], track.Bounds[index + 1] - track.Bounds[index]);
        var path = track.Folder + "/" + string.Format(CultureInfo.InvariantCulture, track.File, index);
        var told = await SendAsync(uri, rule, method);
        Remember(track.Kind, method == HttpMethod.Head ? HitRule.Head : rule, path, start, length, told);
    }

    private async Task OtherAsync() => Remember(HitKind.Other, HitRule.Counted, "360p/init.mp4", 0, 0, await SendAsync(initialization, HitRule.Counted));

    private Task CaptionAsync()
    {
        var language = random.Next(2) == 0 ? "en" : "de";
        return SignedAsync($"subtitles/{language}/00000000/133200-60000/0-4000.vtt", HitKind.Caption, "c", new("4", 0, 4000));
    }

    private Task TrailerAsync(int index) => SignedAsync($"{TrailerPath}{index}.ts", HitKind.Trailer, "", index == 0 ? new("2.4024", 0, 2402) : new("2.4024", 2402, 4805));

    private async Task SignedAsync(string path, HitKind kind, string letter, SegmentTime time)
    {
        var signed = SegmentSignature.Parameters(Keys, video, path, time, letter);
        Remember(kind, HitRule.Counted, path, time.StartMs, time.EndMs.GetValueOrDefault() - time.StartMs, await SendAsync($"{gateways[0].Address}watch/{video}/{path}?session_id={token}{signed}", HitRule.Counted));
    }

    /// <summary>From a random gateway, with a Range or without, with CMCD in query or headers, whole or broken.</summary>
    private async Task<(int? BufferMs, decimal? Rate, bool Ranged)> SendAsync(string uri, HitRule rule, HttpMethod? method = null)
    {
        int? buffer = null;
        decimal? rate = null;
        var told = "";
        if (tells && random.Next(10) > 0)
        {
            buffer = ahead ?? (steady ? 4000 : random.Next(5) == 0 ? 0 : random.Next(80) * 100);
            rate = random.Next(steady ? 12 : 6) switch { 0 => 2m, 1 => 0.5m, 2 => 1.25m, 3 => 50m, _ => null };
            told = $"bl={buffer},mtp=2500{(rate is { } pr ? string.Create(CultureInfo.InvariantCulture, $",pr={pr}") : "")},sid=\"a, b\"";
        }
        else if (tells)
        {
            told = "bl=-1,pr=,\"";
        }
        var gateway = gateways[random.Next(gateways.Count)];
        var inHeaders = told.Length > 0 && random.Next(2) == 0 && rule != HitRule.Anonymous;
        var target = uri.Replace(gateways[0].Address.AbsoluteUri, gateway.Address.AbsoluteUri, StringComparison.Ordinal);
        if (told.Length > 0 && !inHeaders) target += (target.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "CMCD=" + Uri.EscapeDataString(told);
        using var request = Request(method ?? HttpMethod.Get, target);
        if (inHeaders) request.Headers.TryAddWithoutValidation("CMCD-Request", told);
        // Some players send a Range with each request, some now and then, some never.
        var ranged = random.Next(4) < (ranges ? 3 : 1);
        if (ranged) request.Headers.TryAddWithoutValidation("Range", random.Next(2) == 0 ? "bytes=0-" : $"bytes={random.Next(100)}-{100 + random.Next(100)}");
        using var answer = await gateway.Client.SendAsync(request);
        Assert.True(answer.StatusCode is HttpStatusCode.Found or HttpStatusCode.OK, $"{target}: {answer.StatusCode}");
        return (buffer, rate, ranged);
    }

    private async Task<string> TextAsync(Uri uri)
    {
        var gateway = gateways[random.Next(gateways.Count)];
        using var request = Request(HttpMethod.Get, new Uri(gateway.Address, uri.PathAndQuery).AbsoluteUri);
        using var answer = await gateway.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private HttpRequestMessage Request(HttpMethod method, string uri)
    {
        var request = new HttpRequestMessage(method, uri);
        request.Headers.Add(RequestClock.Header, now.ToString(CultureInfo.InvariantCulture));
        if (agent.Agent.Length > 0) request.Headers.TryAddWithoutValidation("User-Agent", agent.Agent);
        return request;
    }

    private string OfAnotherVideo()
    {
        var text = new byte[SessionToken.Length];
        SessionToken.Begin("else", 0, begin).Write(Keys, "else", text);
        return Encoding.ASCII.GetString(text);
    }

    private void Remember(HitKind kind, HitRule rule, string path, int start, int length, (int? BufferMs, decimal? Rate, bool Ranged) told = default, ToldEvent? happened = null)
    {
        var nameless = rule is HitRule.Anonymous or HitRule.ForgedSession;
        var request = new Told(
            nameless ? Guid.Empty : session, video, now, kind, rule, path, start, length, agent.Family, trailer, told.BufferMs, told.Rate, nameless || rule == HitRule.ExpiredSession);
        memory.Add(request with { Event = happened, Ranged = told.Ranged });
    }
}
