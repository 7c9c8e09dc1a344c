using FsCheck;
using FsCheck.Fluent;

namespace HlsGateway.Playlists.Tests.Captions;

/// <summary>The segmenter against a model that is too slow and too plain to be wrong.</summary>
public sealed class CaptionPropertyTests
{
    private static readonly Gen<CaptionCue> Cue =
        from start in Gen.Choose(0, 60_000)
        from length in Gen.Frequency((4, Gen.Choose(1, 4_000)), (1, Gen.Choose(1, 90_000)))
        from word in Gen.Choose(0, 999)
        select new CaptionCue(start, start + length, null, "", $"word {word}");

    private static readonly Gen<(CaptionCue[] Cues, int[] Windows, int Cut)> Case =
        from cues in Cue.ArrayOf()
        from windows in Gen.NonEmptyListOf(Gen.Choose(1, 9_000))
        from cut in Gen.Choose(0, 9_000)
        select (cues, windows.ToArray(), cut);

    private static void Check(Func<(CaptionCue[] Cues, int[] Windows, int Cut), bool> property) =>
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(500).WithReplay(20261122, 7), Prop.ForAll(Case.ToArbitrary(), property));

    [Fact]
    public void W4_Every_window_of_every_grid_holds_exactly_the_cues_the_model_says() => Check(given =>
    {
        var file = new CaptionFile(given.Cues, "");
        var contentEnd = Math.Max(1, given.Windows.Sum() - given.Cut);
        var start = 0;
        foreach (var length in given.Windows)
        {
            var (from, to) = (start, start + length);
            var expected = given.Cues
                .Where(cue => cue.StartMs < to && cue.EndMs > from && cue.StartMs < contentEnd)
                .OrderBy(cue => cue.StartMs)
                .Select(cue => (cue.StartMs, Math.Min(cue.EndMs, contentEnd), cue.Text));
            var seen = StrictWebVtt.Read(CaptionSegment.Render(file, from, to, contentEnd, 0)).Cues.Select(cue => (cue.StartMs, cue.EndMs, cue.Text));
            if (!expected.SequenceEqual(seen))
                return false;
            start = to;
        }

        return true;
    });

    [Fact]
    public void W4_The_windows_of_a_grid_together_hold_every_cue_that_begins_before_the_end() => Check(given =>
    {
        var file = new CaptionFile(given.Cues, "");
        var contentEnd = given.Windows.Sum();
        var seen = new HashSet<(int, string)>();
        var start = 0;
        foreach (var length in given.Windows)
        {
            seen.UnionWith(StrictWebVtt.Read(CaptionSegment.Render(file, start, start + length, contentEnd, 0)).Cues.Select(cue => (cue.StartMs, cue.Text)));
            start += length;
        }

        return seen.SetEquals(given.Cues.Where(cue => cue.StartMs < contentEnd).Select(cue => (cue.StartMs, cue.Text)));
    });

    [Fact]
    public void W6_What_was_written_is_read_again() => Check(given =>
    {
        if (given.Cues.Length == 0)
            return true;
        var once = new CaptionFile(given.Cues, "");
        return WebVtt.TryParse(CaptionSegment.Render(once, 0, int.MaxValue, int.MaxValue, 9000), out var twice, out _) && twice!.Cues.SequenceEqual(once.Cues);
    });
}
