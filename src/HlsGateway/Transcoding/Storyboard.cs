using System.Globalization;
using System.Text;

namespace HlsGateway.Transcoding;

/// <summary>The WebVTT track that tells which part of the sprite shows which seconds (media fragments, <c>#xywh=</c>).</summary>
internal static class Storyboard
{
    public static string Track(EncodePlan plan, double seconds)
    {
        var (width, height) = plan.Thumbnail;
        var text = new StringBuilder("WEBVTT\n");
        var pictures = Math.Min(plan.StoryboardRows * EncodePlan.StoryboardColumns, Math.Max(1, (int)Math.Ceiling(seconds / plan.StoryboardSeconds)));
        for (var i = 0; i < pictures; i++)
        {
            var from = TimeSpan.FromSeconds(i * plan.StoryboardSeconds);
            var until = TimeSpan.FromSeconds(Math.Min(seconds, (i + 1) * plan.StoryboardSeconds));
            text.Append(CultureInfo.InvariantCulture,
                $"\n{from:hh\\:mm\\:ss\\.fff} --> {until:hh\\:mm\\:ss\\.fff}\n{EncodeArguments.Storyboard}#xywh={i % EncodePlan.StoryboardColumns * width},{i / EncodePlan.StoryboardColumns * height},{width},{height}\n");
        }

        return text.ToString();
    }
}
