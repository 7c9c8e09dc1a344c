using System.Diagnostics;
using System.Text;
using HlsGateway.Media;

namespace HlsGateway.Tests.Media;

public sealed class ArgumentTextTests
{
    /// <summary>Words of characters that mean something, mostly; the same ones in every run.</summary>
    private static IEnumerable<string[]> Lines(int count)
    {
        const string characters = " \t\"\"\\\\'ab$[],;%\nü漢";
        var random = new Random(20_261_130);
        for (var line = 0; line < count; line++)
        {
            yield return [.. Enumerable.Range(0, random.Next(6)).Select(_ =>
                new string([.. Enumerable.Range(0, random.Next(8)).Select(_ => characters[random.Next(characters.Length)])]))];
        }
    }

    [Theory]
    [InlineData("", new string[0])]
    [InlineData(" \t ", new string[0])]
    [InlineData("-i file:in  -y", new[] { "-i", "file:in", "-y" })]
    [InlineData("-map \"[v 0]\" -f null -", new[] { "-map", "[v 0]", "-f", "null", "-" })]
    [InlineData("a \"\" b", new[] { "a", "", "b" })]
    [InlineData("say\\\"so\\\"", new[] { "say\"so\"" })]
    [InlineData("\"two\"\"quotes\"", new[] { "two\"quotes" })]
    [InlineData("pts\\,0 \\\\\"a b\\\\\" c\\", new[] { "pts\\,0", "\\a b\\", "c\\" })]
    [InlineData("half\" of it\"stuck", new[] { "half of itstuck" })]
    [InlineData("\"never closed", new[] { "never closed" })]
    [InlineData("a\nb", new[] { "a\nb" })]
    public void A_line_is_split_as_a_process_start_splits_it(string text, string[] words) => Assert.Equal(words, ArgumentText.Split(text));

    [Fact]
    public void Words_come_back_from_the_line_they_were_joined_to() =>
        Assert.All(Lines(10_000), words => Assert.Equal(words, ArgumentText.Split(ArgumentText.Join(words))));

    /// <summary>The judge is the framework itself: a child process prints the words that it was given.</summary>
    [Fact]
    public async Task A_child_process_is_given_the_same_words()
    {
        string[] words = [.. Lines(100).SelectMany(line => line), "", "a b", "\\", "\"", "\\\"", "a\\\\\" \\"];
        var start = new ProcessStartInfo("printf") { UseShellExecute = false, RedirectStandardOutput = true, StandardOutputEncoding = Encoding.UTF8, Arguments = "%s\\n--\\n " + ArgumentText.Join(words) };
        using var child = Process.Start(start)!;
        var printed = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        Assert.Equal(string.Concat(words.Select(word => word + "\n--\n")), printed);
        Assert.Equal(words, ArgumentText.Split(start.Arguments)[1..]);
    }
}
