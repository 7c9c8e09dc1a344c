using HlsGateway.Counting;

namespace HlsGateway.Benchmarks;

/// <summary>
/// The requests of an audience that never was, in the order in which gateways would have answered them: the same for the same
/// arguments. Sessions begin evenly over the time; the n-th video is asked for 1/n as often as the first; clips last 20 to 90 s in
/// segments of 4 s. A session is a Master Playlist, two or three trailer segments, and content until the viewer has had enough;
/// some seek, switch Renditions, read captions or ask twice.
/// </summary>
internal sealed class SyntheticAudience(long until, TimeSpan over, int videos, int seed = 1)
{
    private const int SegmentMs = 4000;
    private static readonly string[] Renditions = ["360p", "720p", "1080p"];
    private static readonly string[][] Paths = [.. Renditions.Select(rendition => Enumerable.Range(0, 23).Select(i => $"{rendition}/video{i}.ts").ToArray())];
    private static readonly string[] TrailerPaths = [.. Enumerable.Range(0, 3).Select(i => $"720p/~t/branding@07effa79/ts-1280x720/{i}.ts")];
    private static readonly string[] CaptionPaths = [.. Enumerable.Range(0, 23).Select(i => $"subtitles/en/5e4af93b/{i}.vtt")];
    private readonly string[] names = [.. Enumerable.Range(0, videos).Select(i => $"did:plc:{i:x4}/bafkrei{i:x6}")];
    private readonly Random random = new(seed);

    public IReadOnlyList<string> Videos => names;

    /// <summary>Length of a video's content, milliseconds.</summary>
    public static int LengthMs(int video) => 20_000 + (video * 7919 % 71 * 1000);

    public Hit[] Requests(int count)
    {
        var weights = new double[videos];
        for (var i = 0; i < videos; i++) weights[i] = (i == 0 ? 0 : weights[i - 1]) + (1.0 / (i + 1));
        var requests = new Hit[count];
        var playing = new PriorityQueue<Viewer, long>();
        var begin = until - (long)over.TotalMilliseconds;
        // About 17 requests a session.
        var pause = over.TotalMilliseconds / (count / 17.0);
        var (made, arrival) = (0, (double)begin);
        while (made < count)
        {
            if (playing.Count == 0 || arrival <= playing.Peek().Next)
            {
                var drawn = Array.BinarySearch(weights, random.NextDouble() * weights[^1]);
                playing.Enqueue(Begin(drawn < 0 ? ~drawn : drawn, (long)arrival), (long)arrival);
                arrival += pause * 2 * random.NextDouble();
                continue;
            }
            var viewer = playing.Dequeue();
            requests[made++] = viewer.Step(random);
            if (!viewer.Left) playing.Enqueue(viewer, viewer.Next);
        }
        return requests;
    }

    private Viewer Begin(int video, long at)
    {
        var segments = (LengthMs(video) + SegmentMs - 1) / SegmentMs;
        return new Viewer(Guid.CreateVersion7(DateTimeOffset.FromUnixTimeMilliseconds(at)), names[video], LengthMs(video), at, random.Next(Renditions.Length), 1 + random.Next(2 * segments), random.Next(4) == 0, (PlayerFamily)(1 + random.Next(4)));
    }

    private sealed class Viewer(Guid session, string video, int lengthMs, long at, int rendition, int patience, bool reads, PlayerFamily player)
    {
        private int rendered = rendition;
        private int position = -1;
        private int trailer;
        private int asked;
        private bool captionDue;

        public long Next { get; private set; } = at;

        public bool Left { get; private set; }

        public Hit Step(Random random)
        {
            var now = Next;
            if (position < 0)
            {
                position = 0;
                Next += 40;
                return new Hit(session, video, "playlist.m3u8", HitKind.SessionStart, HitRule.Counted, 0, 0, now, 0x07effa79, player);
            }
            if (trailer < 3)
            {
                Next += 60;
                return new Hit(session, video, TrailerPaths[trailer], HitKind.Trailer, HitRule.Counted, trailer++ * 2000, 2000, now, 0x07effa79, player);
            }
            var start = position * SegmentMs;
            if (captionDue)
            {
                captionDue = false;
                Next += 20;
                return new Hit(session, video, CaptionPaths[position], HitKind.Caption, HitRule.Counted, start, SegmentMs, now, 0x07effa79, player);
            }
            if (random.Next(12) == 0) rendered = random.Next(Renditions.Length);
            var rule = random.Next(100) == 0 ? HitRule.Head : HitRule.Counted;
            var hit = new Hit(session, video, Paths[rendered][position], HitKind.Content, rule, start, Math.Min(SegmentMs, lengthMs - start), now, 0x07effa79, player);
            // A player fills its buffer first and then keeps pace.
            Next += asked++ < 3 ? 150 : SegmentMs;
            position = random.Next(25) == 0 ? random.Next((lengthMs + SegmentMs - 1) / SegmentMs) : position + 1;
            Left = asked >= patience || position * SegmentMs >= lengthMs;
            captionDue = reads;
            return hit;
        }
    }
}
