using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using HlsGateway.Benchmarks.Measuring;

namespace HlsGateway.Benchmarks.Load;

/// <summary>How an audience behaves.</summary>
/// <param name="Joining">The time in which all viewers come, evenly.</param>
/// <param name="Staying">How long all are there.</param>
/// <param name="Segment">What a segment plays for: a viewer whose buffer is full asks for the next one this often.</param>
internal sealed record AudiencePlan(int Viewers, TimeSpan Joining, TimeSpan Staying, TimeSpan Segment, string Video, int Seed = 1);

/// <summary>What one viewer received.</summary>
internal readonly record struct ViewerCount(Guid Session, int Segments, int Captions);

/// <summary>
/// Viewers who behave as hls.js does: each has a connection, a Master Playlist, a Media Playlist, a buffer of some segments filled at once and then one
/// segment in the time that one plays; some switch Renditions, read captions, or pause for a while. All ask until the end and then take the answer that is
/// under way, so that what they received can be compared with what was counted.
/// </summary>
internal sealed class Audience(Uri address, AudiencePlan plan)
{
    private readonly AudiencePlan plan = plan;
    private readonly string host = address.Authority;
    private readonly IPEndPoint server = new(IPAddress.Loopback, address.Port);
    private readonly ConcurrentDictionary<string, string[]> playlists = new(StringComparer.Ordinal);
    private readonly List<float>[] times = [.. Enum.GetValues<AnswerKind>().Select(_ => new List<float>())];
    private readonly List<float> lateness = [];
    private readonly Lock gate = new();
    private readonly Stopwatch clock = new();
    private int here;
    private long bad;
    private long answered;

    /// <summary>Viewers who have their playlists.</summary>
    public int Here => Volatile.Read(ref here);

    public long Bad => Interlocked.Read(ref bad);

    /// <summary>Answers so far, errors not among them.</summary>
    public long Answered => Interlocked.Read(ref answered);

    public string? FirstTrouble { get; private set; }

    /// <summary>How much later than it should have been a request was sent, milliseconds: what the load program owes to itself.</summary>
    public Percentiles Lateness => Percentiles.Of(lateness);

    /// <returns>Times of one kind of answer, milliseconds from sending to the last byte; and how many there were.</returns>
    public (Percentiles Times, int Count) TimesOf(AnswerKind kind) => (Percentiles.Of(times[(int)kind]), times[(int)kind].Count);

    /// <param name="staying">Told when all have come.</param>
    /// <param name="leaving">Told when they begin to leave.</param>
    public async Task<IReadOnlyList<ViewerCount>> PlayAsync(Action staying, Action leaving)
    {
        using var over = new CancellationTokenSource();
        clock.Start();
        var viewers = Enumerable.Range(0, plan.Viewers).Select(n => WatchAsync(n, over.Token)).ToArray();
        await Task.Delay(plan.Joining, CancellationToken.None);
        while (Here + Bad < plan.Viewers) await Task.Delay(10, CancellationToken.None);
        staying();
        await Task.Delay(plan.Staying, CancellationToken.None);
        leaving();
        await over.CancelAsync();
        return await Task.WhenAll(viewers);
    }

    private async Task<ViewerCount> WatchAsync(int n, CancellationToken over)
    {
        await Task.Delay(plan.Joining * n / plan.Viewers, CancellationToken.None);
        var viewer = new Viewer(this, new RawConnection(server), new Random((plan.Seed * 1_000_003) + n));
        try
        {
            await viewer.WatchAsync(over);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            Fail(e.Message);
        }
        finally
        {
            viewer.Leave();
        }
        return viewer.Count;
    }

    private void Fail(string what)
    {
        Interlocked.Increment(ref bad);
        lock (gate) FirstTrouble ??= what;
    }

    /// <summary>One viewer: 1. the Master Playlist, 2. a Media Playlist and perhaps captions, 3. a full buffer, 4. a segment each time one has played.</summary>
    private sealed class Viewer(Audience audience, RawConnection connection, Random random)
    {
        /// <summary>hls.js fills 30 s before it waits: seven segments of 4 s.</summary>
        private const int Buffer = 7;

        private readonly bool reads = random.Next(4) == 0;
        private readonly bool looks = random.Next(100) == 0;
        private readonly HashSet<string> known = new(StringComparer.Ordinal);
        private string token = "";
        private int segments;
        private int captions;

        public ViewerCount Count => new(Session, segments, captions);

        private Guid Session { get; set; }

        public async Task WatchAsync(CancellationToken over)
        {
            // 1.
            var below = $"/watch/{audience.plan.Video}/";
            if (!await AskAsync(AnswerKind.Master, $"{below}playlist.m3u8")) return;
            var master = MasterAnswer.Parse(connection.Body.Span, below);
            (token, Session) = (master.Token, master.Session);
            // 2.
            var rendition = random.Next(master.Renditions.Length);
            var media = await PlaylistAsync(AnswerKind.Media, master.Renditions[rendition]);
            var texts = reads && master.Captions is { } track ? await PlaylistAsync(AnswerKind.CaptionPlaylist, track) : [];
            if (media.Length == 0) return;
            Interlocked.Increment(ref audience.here);
            var due = audience.clock.Elapsed;
            for (var asked = 0; asked < Buffer || !over.IsCancellationRequested; asked++)
            {
                // 3. and 4.
                var at = asked % media.Length;
                if (asked >= Buffer)
                {
                    due += audience.plan.Segment;
                    if (random.Next(100) == 0) due += audience.plan.Segment * random.Next(1, 6);
                    if (due - audience.clock.Elapsed is { Ticks: > 0 } wait) await Task.Delay(wait, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    if (over.IsCancellationRequested) break;
                    Late(due);
                }
                if (random.Next(20) == 0) media = await PlaylistAsync(AnswerKind.Media, master.Renditions[rendition = (rendition + 1) % master.Renditions.Length]) is { Length: > 0 } other ? other : media;
                if (await AskAsync(AnswerKind.Segment, Of(media[at % media.Length]))) segments++;
                if (at < texts.Length && await AskAsync(AnswerKind.CaptionSegment, Of(texts[at]))) captions++;
                connection.Forget();
            }
        }

        public void Leave() => connection.Dispose();

        private string Of(string path) => path.Replace(MasterAnswer.TokenHole, token, StringComparison.Ordinal);

        /// <summary>
        /// All sessions of a video get the same playlist but for the token: the first to ask reads it, others take it zipped, as browsers do, and know what is in
        /// it; one in a hundred looks whether that is so. As hls.js does, a viewer asks for the playlist of a recording once.
        /// </summary>
        private async ValueTask<string[]> PlaylistAsync(AnswerKind kind, string path)
        {
            if (!known.Add(path)) return audience.playlists[path];
            var read = looks || !audience.playlists.ContainsKey(path);
            if (!await AskAsync(kind, Of(path), gzip: !read))
            {
                known.Remove(path);
                return [];
            }
            if (read)
            {
                var paths = MasterAnswer.Paths(connection.Body.Span, Of(path), token);
                var before = audience.playlists.GetOrAdd(path, paths);
                if (!before.SequenceEqual(paths, StringComparer.Ordinal)) audience.Fail($"Two sessions got different playlists of {path}.");
            }
            connection.Forget();
            return audience.playlists[path];
        }

        private async ValueTask<bool> AskAsync(AnswerKind kind, string path, bool gzip = false)
        {
            var request = RawConnection.Get(audience.host, path, gzip);
            var sent = Stopwatch.GetTimestamp();
            var status = await connection.AskAsync(request);
            var took = (float)Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
            lock (audience.gate) audience.times[(int)kind].Add(took);
            if (status == (kind == AnswerKind.Segment ? 302 : 200))
            {
                Interlocked.Increment(ref audience.answered);
                return true;
            }
            audience.Fail($"{kind}: {status} for {path}");
            return false;
        }

        private void Late(TimeSpan due)
        {
            var late = (float)(audience.clock.Elapsed - due).TotalMilliseconds;
            lock (audience.gate) audience.lateness.Add(late);
        }
    }
}
