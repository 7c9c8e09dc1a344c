using HlsGateway.Counting;

namespace HlsGateway.Tests.Counting;

/// <summary>
/// Viewers of whom it is known, millisecond by millisecond, what they saw: for a player that fetches what it shows and says what is true,
/// each lower bound is at most that, and each upper one at least. Who leaps does so by more than the second that looks like play, and does
/// not pause or leap again before the player has said where it is; without any word from the player nobody leaps ahead (docs/metrics.md, "Known errors").
/// </summary>
public sealed class HonestViewerTests
{
    private const int Step = 50;
    private const int ContentMs = 60_000;
    private const int TrailerMs = 4800;
    private const int Total = ContentMs + TrailerMs;

    [Theory]
    [InlineData("measured", false)]
    [InlineData("measured", true)]
    [InlineData("buffered", false)]
    [InlineData("buffered", true)]
    [InlineData("fetched", false)]
    [InlineData("fetched", true)]
    public void What_was_seen_lies_between_the_bounds(string basis, bool trailerInFront)
    {
        var (random, proven, trailers, completed) = (new Random(1130), 0L, 0, 0);
        for (var round = 0; round < 200; round++)
        {
            var viewer = new HonestViewer(basis, trailerInFront, new Random(random.Next()));
            viewer.Watch();
            var state = new SessionState { Session = Guid.Empty, Video = "clip", ContentMs = ContentMs };
            foreach (var hit in viewer.Requests) state.Apply(in hit);
            var proof = Proof.Of(state, viewer.MostAhead);

            // Whoever left at once has told no buffer.
            Assert.Contains(proof.Basis.ToString().ToLowerInvariant(), (string[])[basis, "fetched"]);
            Assert.InRange(proof.Content.Length, 0, viewer.Content.Count(seen => seen));
            Assert.InRange(viewer.Content.Count(seen => seen), 0, state.Watched.Length);
            Assert.InRange(proof.Trailer.Length, 0, viewer.Trailer.Count(seen => seen));
            Assert.InRange(viewer.Trailer.Count(seen => seen), 0, state.TrailerWatched.Length);
            // Where they left.
            var left = Array.LastIndexOf(viewer.Content, true) + 1;
            Assert.InRange(proof.Content.End, 0, left);
            Assert.InRange(left, 0, state.Watched.End);
            proven += proof.Content.Length;
            trailers += proof.Trailer.Length > 0 ? 1 : 0;
            completed += SessionState.IsCompleted(proof.Content.Length, ContentMs) ? 1 : 0;
        }
        // A bound of nothing would be a bound too.
        Assert.True(proven > 200 * 1000, $"{proven} ms");
        if (basis != "fetched") Assert.True(trailers > 0, $"{trailers} trailers");
        if (basis == "measured") Assert.True(completed > 5, $"{completed} completed");
    }

    private sealed class HonestViewer(string basis, bool trailerInFront, Random random)
    {
        private const long Begin = 1_800_000_000_000;
        private readonly int ahead = random.Next(2, 20) * 1000;
        private readonly int rate = random.Next(4) == 0 ? 2 : 1;
        private readonly List<(int Start, int End, HitKind Kind, int At)> segments = Cut(trailerInFront);
        private int now;
        private int position;
        private int bufferedFrom;
        private int bufferedTo;
        private bool plays;
        private bool pausedUntold;
        private bool leapedUntold;
        private readonly bool restless = random.Next(3) > 0;

        public List<Hit> Requests { get; } = [];

        /// <summary>A cell for each millisecond: whether it was seen.</summary>
        public bool[] Content { get; } = new bool[ContentMs];

        public bool[] Trailer { get; } = new bool[TrailerMs];

        /// <summary>A segment is asked for while less than this is ahead.</summary>
        public int MostAhead => ahead + 4000;

        public void Watch()
        {
            var until = random.Next(3) == 0 ? 80_000 : random.Next(500, 80_000);
            Play(true);
            for (; now < until && position < Total; now += Step)
            {
                Fetch();
                if (restless && random.Next(200) == 0) Play(!plays);
                else if (restless && random.Next(200) == 0) Leap();
                else if (now % 4000 == 0) Report();
                if (plays) Show();
            }
            Play(false);
        }

        private void Show()
        {
            var to = Math.Min(position + (Step * rate), bufferedTo);
            // A buffer that ran empty is a pause.
            if (to < position + (Step * rate)) pausedUntold = true;
            for (; position < to; position++)
            {
                var (isTrailer, at) = Place(position);
                (isTrailer ? Trailer : Content)[at] = true;
            }
        }

        private void Fetch()
        {
            if (bufferedTo - position >= ahead || bufferedTo >= Total) return;
            var segment = segments.Find(each => each.Start <= bufferedTo && bufferedTo < each.End);
            var left = bufferedTo - position;
            // CTA-5004: rounded to a tenth of a second.
            var told = (left + 50) / 100 * 100;
            Requests.Add(new Hit(Guid.Empty, "clip", $"720p/{segment.Start}.ts", segment.Kind, HitRule.Counted, segment.At, segment.End - segment.Start, Begin + now, 0, PlayerFamily.Browser)
            {
                Cmcd = basis == "buffered" ? new Cmcd { BufferMs = segment.Start >= bufferedTo ? told : 0, Rate = rate } : null,
            });
            if (segment.Start >= bufferedTo && told > 0) (pausedUntold, leapedUntold) = (!plays, false);
            bufferedTo = segment.End;
        }

        private void Play(bool on)
        {
            if (!on && leapedUntold && basis == "buffered") return;
            plays = on;
            pausedUntold |= !on;
            Report();
        }

        private void Leap()
        {
            var to = random.Next(Total);
            if (Math.Abs(to - position) < 1500 || (to > position && (basis == "fetched" || (basis == "buffered" && pausedUntold))) || (basis == "buffered" && leapedUntold)) return;
            // The player says where it was, then where it is.
            Report(leaves: true);
            leapedUntold = true;
            position = to;
            if (to < bufferedFrom || to > bufferedTo) (bufferedFrom, bufferedTo) = (to, to);
            Report();
        }

        private void Report(bool leaves = false)
        {
            if (basis != "measured") return;
            var (isTrailer, at) = Place(position);
            var place = !isTrailer ? at : trailerInFront ? at - TrailerMs : at + ContentMs;
            Requests.Add(new Hit(Guid.Empty, "clip", "~cmcd", HitKind.Report, HitRule.Counted, Math.Max(0, place), Math.Max(0, -place), Begin + now, 0, PlayerFamily.Browser)
            {
                Cmcd = new Cmcd { Event = "t", EventAtMs = Begin + now - 5_000_000, PlayheadMs = position, State = plays && !leaves ? "p" : "a", Rate = rate },
            });
        }

        private (bool IsTrailer, int At) Place(int timeline) => trailerInFront
            ? timeline < TrailerMs ? (true, timeline) : (false, timeline - TrailerMs)
            : timeline < ContentMs ? (false, timeline) : (true, timeline - ContentMs);

        private static List<(int Start, int End, HitKind Kind, int At)> Cut(bool trailerInFront)
        {
            var (content, trailer) = trailerInFront ? (TrailerMs, 0) : (0, ContentMs);
            return
            [
                .. Enumerable.Range(0, ContentMs / 4000).Select(i => (content + (i * 4000), content + ((i + 1) * 4000), HitKind.Content, i * 4000)),
                .. Enumerable.Range(0, 2).Select(i => (trailer + (i * 2400), trailer + ((i + 1) * 2400), HitKind.Trailer, i * 2400)),
            ];
        }
    }
}
