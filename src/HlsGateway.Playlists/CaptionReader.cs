using System.Text;

namespace HlsGateway.Playlists;

/// <summary>
/// One pass over the lines of a WebVTT or SRT file. The two differ in what ends a cue: in WebVTT any blank line; in SRT only
/// the next counter and times, since real SRT files have blank lines inside a caption.
/// </summary>
internal sealed class CaptionReader(string[] lines)
{
    /// <summary>Far more than fits on a screen; keeps one cue from filling every segment it overlaps.</summary>
    internal const int MaxCueCharacters = 4_000;

    /// <summary>STYLE and REGION blocks go into every segment.</summary>
    internal const int MaxHeadCharacters = 16_000;

    private static readonly string TooLong = $"The cue holds more than {MaxCueCharacters} characters.";

    private readonly List<CaptionCue> cues = [];
    private readonly HashSet<string> ids = new(StringComparer.Ordinal);
    private readonly StringBuilder head = new();
    private readonly StringBuilder text = new();
    private bool srt;
    private int at;
    private PlaylistError fault;

    // The cue whose text is being collected; its line is 0 when there is none.
    private CaptionCue open;
    private int openLine;

    internal CaptionFile? Read(out PlaylistError error)
    {
        var header = lines[0] is "WEBVTT" || lines[0].StartsWith("WEBVTT ", StringComparison.Ordinal) || lines[0].StartsWith("WEBVTT\t", StringComparison.Ordinal);
        srt = !header && FirstTimesHaveComma();
        if (header)
            SkipHeader();

        while (fault == default && at < lines.Length)
        {
            if (string.IsNullOrWhiteSpace(lines[at]))
                at++;
            else
                ReadBlock();
        }

        Close();
        if (fault == default && head.Length > MaxHeadCharacters)
            fault = new PlaylistError($"The STYLE and REGION blocks hold more than {MaxHeadCharacters} characters.", 0);
        if (fault == default && cues.Count == 0)
            fault = new PlaylistError("The file holds no caption with text. WebVTT or SRT is expected.", 0);
        error = fault;
        return fault == default ? new CaptionFile(cues, head.ToString()) : null;
    }

    private bool FirstTimesHaveComma()
    {
        foreach (var line in lines)
        {
            if (CaptionTime.Read(line, out _, out _, out _, out var comma, out _) == CaptionTime.Line.Times)
                return comma;
        }

        return true;
    }

    /// <summary>The header ends at a blank line, or, as players read it, at the first cue. X-TIMESTAMP-MAP stands here: the gateway writes its own (rule W2).</summary>
    private void SkipHeader()
    {
        at = 1;
        while (at < lines.Length && !string.IsNullOrWhiteSpace(lines[at]) && !TimesAt(at) && !TimesAt(at + 1))
            at++;
    }

    private void ReadBlock()
    {
        if (!srt && (lines[at] is "NOTE" || lines[at].StartsWith("NOTE ", StringComparison.Ordinal) || lines[at].StartsWith("NOTE\t", StringComparison.Ordinal)))
            TakeBlock();
        else if (!srt && lines[at].TrimEnd() is "STYLE" or "REGION" && !TimesAt(at + 1))
            ReadHead();
        else if (CaptionTime.Read(lines[at], out _, out _, out _, out _, out _) != CaptionTime.Line.Other)
            ReadCue(null);
        else if (CaptionTime.Read(Line(at + 1), out _, out _, out _, out _, out _) != CaptionTime.Line.Other && (!srt || IsCounter(lines[at])))
            ReadCue(lines[at++]);
        else if (srt && openLine > 0)
            ReadText();
        else
            SkipUntimed();
    }

    /// <summary>Text without times is no caption; an arrow in it was meant as times.</summary>
    private void SkipUntimed()
    {
        for (; at < lines.Length && !string.IsNullOrWhiteSpace(lines[at]) && !TimesAt(at); at++)
        {
            if (lines[at].Contains("-->", StringComparison.Ordinal))
            {
                Refuse("The times of this cue cannot be read. They look like 00:00:01.000 --> 00:00:02.500.");
                return;
            }
        }
    }

    private void ReadHead()
    {
        var block = TakeBlock();
        // Only before the first cue, says the format. A block that could load something or break out of a style sheet is left out:
        // captions stay readable without it.
        if (cues.Count == 0 && openLine == 0 && block.AsSpan().IndexOfAny("<\\@") < 0 && !block.Contains("-->", StringComparison.Ordinal)
            && !block.Contains("url(", StringComparison.OrdinalIgnoreCase) && !HasMap(block))
            head.Append(block).Append('\n');
    }

    private string TakeBlock()
    {
        var block = new StringBuilder();
        for (; at < lines.Length && !EndsBlock(lines[at]); at++)
        {
            if (Printable(lines[at]).TrimEnd() is { Length: > 0 } line)
                block.Append(line).Append('\n');
        }

        return block.ToString();
    }

    private void ReadCue(string? id)
    {
        Close();
        if (CaptionTime.Read(lines[at], out var start, out var end, out var settings, out _, out _) != CaptionTime.Line.Times)
            Refuse("The times of this cue cannot be read. They look like 00:00:01.000 --> 00:00:02.500, below 100 hours.");
        else if (end < start)
            Refuse("The cue ends before it starts.");
        if (fault != default)
            return;

        open = new CaptionCue(start, end, srt ? null : KeptId(id), srt ? "" : KeptSettings(settings), "");
        openLine = ++at;
        ReadText();
    }

    /// <summary>Lines up to a blank one or to the times of the next cue, for which some writers leave no blank line.</summary>
    private void ReadText()
    {
        for (; at < lines.Length && !EndsBlock(lines[at]); at++)
        {
            if (TimesAt(at) || (IsCounter(lines[at]) && TimesAt(at + 1)))
                return;
            if (text.Length > 0)
                text.Append('\n');
            text.Append(lines[at]);
            if (text.Length > MaxCueCharacters)
            {
                Refuse(TooLong);
                return;
            }
        }
    }

    private void Close()
    {
        if (openLine == 0)
            return;
        var raw = text.ToString();
        var settings = open.Settings;
        if (srt && raw is ['{', '\\', 'a', 'n', >= '1' and <= '9' and var place, '}', ..])
        {
            // The one override of SSA that SRT files carry: 7 to 9 is the top of the picture, where it does not cover a sign.
            raw = raw[6..];
            settings = place >= '7' ? "line:0" : "";
        }

        // Judged after cleaning, which may take the last visible character of a line or join the halves of a word.
        var clean = string.Join('\n', CaptionMarkup.Clean(raw, srt).Split('\n').Where(IsShown));
        // Cleaning writes "&" as "&amp;": what is accepted here must be accepted when it comes back from an editor.
        if (clean.Length > MaxCueCharacters)
            fault = fault == default ? new PlaylistError(TooLong, openLine) : fault;
        else if (clean.Length > 0 && open.EndMs > open.StartMs)
            cues.Add(open with { Text = clean, Settings = settings });
        text.Clear();
        openLine = 0;
    }

    /// <summary>Neither blank, for that would end the cue, nor a map that a careless player would find (rule W2).</summary>
    private static bool IsShown(string line) =>
        (!string.IsNullOrWhiteSpace(line) || line.Contains('\u00A0', StringComparison.Ordinal)) && !HasMap(line);

    private static bool HasMap(string line) => line.Contains("X-TIMESTAMP-MAP", StringComparison.OrdinalIgnoreCase);

    /// <summary>An id that is a plain word or sentence and new in this file; ids need not be kept, but must not repeat (rule W4) or read as another block.</summary>
    private string? KeptId(string? id)
    {
        var kept = Printable(id ?? "").Trim();
        string[] reserved = ["NOTE", "STYLE", "REGION", "WEBVTT"];
        return kept.Length is > 0 and <= 200 && !kept.Contains("-->", StringComparison.Ordinal) && !HasMap(kept)
            && !Array.Exists(reserved, word => kept.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            // What cannot be printed is gone from it, and may have kept it from reading as times.
            && CaptionTime.Read(kept, out _, out _, out _, out _, out _) == CaptionTime.Line.Other && ids.Add(kept)
            ? kept : null;
    }

    private static string KeptSettings(string settings)
    {
        if (settings.Length == 0)
            return "";
        var kept = settings.Split([' ', '\t'], 16, StringSplitOptions.RemoveEmptyEntries).Where(IsSetting);
        return string.Join(' ', kept);
    }

    private static bool IsSetting(string setting)
    {
        var colon = setting.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && colon < setting.Length - 1 && setting.Length <= 64
            && setting[..colon] is "vertical" or "line" or "position" or "size" or "align" or "region"
            && !setting.Contains("--", StringComparison.Ordinal)
            && setting.AsSpan(colon + 1).IndexOfAnyExcept(SettingCharacters) < 0;
    }

    private static string Printable(string line) => line.Any(IsHidden) ? string.Concat(line.Where(c => !IsHidden(c))) : line;

    private static bool IsHidden(char c) => char.IsControl(c) && c != '\t';

    private static bool IsCounter(string line) => line.AsSpan().Trim() is { Length: > 0 and <= 9 } counter && counter.IndexOfAnyExceptInRange('0', '9') < 0;

    /// <summary>To WebVTT a line of spaces is a line of text.</summary>
    private bool EndsBlock(string line) => srt ? string.IsNullOrWhiteSpace(line) : line.Length == 0;

    private string Line(int index) => index < lines.Length ? lines[index] : "";

    /// <summary>Whether cue times stand here. Inside SRT text a fraction is asked for: "10:30 --> 11:00" may be what somebody says.</summary>
    private bool TimesAt(int index) =>
        CaptionTime.Read(Line(index), out _, out _, out _, out _, out var fraction) == CaptionTime.Line.Times && (!srt || fraction);

    private void Refuse(string reason) => fault = new PlaylistError(reason, at + 1);

    private static readonly System.Buffers.SearchValues<char> SettingCharacters =
        System.Buffers.SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,%-_");
}
