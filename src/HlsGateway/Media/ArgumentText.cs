using System.Collections.Immutable;
using System.Text;

namespace HlsGateway.Media;

/// <summary>
/// Words of a command line as one string, and back. FFMpegCore keeps a command line as a string in the form that
/// <see cref="System.Diagnostics.ProcessStartInfo.Arguments"/> reads; our own runner is given words.
/// </summary>
/// <remarks>
/// The form: spaces and tabs separate words; within double quotes they do not. Backslashes are literal, but before a double quote
/// two of them mean one and a single one makes the quote literal. Two quotes within quotes mean one.
/// </remarks>
internal static class ArgumentText
{
    public static string Join(ReadOnlySpan<string> words)
    {
        var text = new StringBuilder();
        foreach (var word in words)
        {
            if (text.Length > 0)
                text.Append(' ');
            Append(text, word);
        }

        return text.ToString();
    }

    public static ImmutableArray<string> Split(string text)
    {
        var words = ImmutableArray.CreateBuilder<string>();
        var word = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            if (text[at] is ' ' or '\t')
            {
                at++;
                continue;
            }

            words.Add(Read(text, ref at, word.Clear()));
        }

        return words.ToImmutable();
    }

    private static void Append(StringBuilder text, string word)
    {
        if (word.Length > 0 && word.AsSpan().IndexOfAny(" \t\"") < 0)
        {
            text.Append(word);
            return;
        }

        text.Append('"');
        var backslashes = 0;
        foreach (var c in word)
        {
            if (c == '"')
                text.Append('\\', backslashes + 1);
            backslashes = c == '\\' ? backslashes + 1 : 0;
            text.Append(c);
        }

        // The closing quote must not become literal.
        text.Append('\\', backslashes).Append('"');
    }

    private static string Read(string text, ref int at, StringBuilder word)
    {
        var quoted = false;
        while (at < text.Length && (quoted || text[at] is not (' ' or '\t')))
        {
            var backslashes = 0;
            for (; at < text.Length && text[at] == '\\'; at++) backslashes++;
            var isQuote = at < text.Length && text[at] == '"';
            word.Append('\\', isQuote ? backslashes / 2 : backslashes);
            if (isQuote && backslashes % 2 == 1)
            {
                word.Append('"');
                at++;
            }
            else if (isQuote && quoted && at + 1 < text.Length && text[at + 1] == '"')
            {
                word.Append('"');
                at += 2;
            }
            else if (isQuote)
            {
                quoted = !quoted;
                at++;
            }
            else if (backslashes == 0)
            {
                word.Append(text[at++]);
            }
        }

        return word.ToString();
    }
}
