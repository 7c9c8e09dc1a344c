using System.Text;

namespace HlsGateway.Playlists.Tests.Captions;

public sealed class CaptionFuzzTests
{
    private static readonly string[] Seeds =
    [
        "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\nSTYLE\n::cue(b){color:red}\n\nREGION\nid:a\n\nNOTE x\n\nid 1\n00:00:01.000 --> 00:00:02.000 line:0 align:start\n<v Mary>Hello & <i>bye</i></v>\n\n00:03.500 --> 00:09.000\n- one\n- two\n",
        "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Eins</i>\r\n<font color=\"red\">zwei</font>\r\n\r\n2\r\n00:00:02,000 --> 00:00:05,000\r\ndrei --> vier\r\n\r\nf\u00FCnf\r\n",
    ];

    private static readonly string[] Splinters =
    [
        "\n", "\r", "\r\n", "\n\n", "\0", "\uFEFF", "-->", "->", "--", ">", "<", "</", "&", ";", "&amp;", "&#", "WEBVTT", "WEBVTT\n", "NOTE", "NOTE\n", "STYLE\n",
        "REGION\n", "X-TIMESTAMP-MAP=MPEGTS:1,LOCAL:00:00:00.000\n", "00:00:05.000 --> 00:00:06.000", "00:00:06,000 --> 00:00:05,000", "99:59:59.999", "100:00:00.000",
        "999999999999:00", "1\n", "12345678901", "<c.a-->", "<v ", "<font>", "<b>", "<00:01.000>", "{\\an8}", " ", "\t", "\u00A0", "\u2028", "\u0085", "\u0001", "😀", "line:0", "region:a", ":", ".", ",",
    ];

    [Fact]
    public void Twenty_thousand_broken_files_are_read_or_refused_and_what_is_read_is_always_served_as_strict_WebVTT()
    {
        var random = new Random(20261122);
        var (read, refused) = (0, 0);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = Break(Seeds[random.Next(Seeds.Length)], random);
            if (WebVtt.TryParse(bytes, out var file, out var error))
            {
                read++;
                Assert.NotEmpty(file!.Cues);
                Assert.NotEmpty(StrictWebVtt.Read(CaptionSegment.Render(file, 0, int.MaxValue, int.MaxValue, round)).Cues);
                StrictWebVtt.Read(CaptionSegment.Render(file, 2000, 4000, 4000, round));
            }
            else
            {
                refused++;
                Assert.Null(file);
                Assert.NotEmpty(error.Reason);
                Assert.InRange(error.Line, 0, 2 + bytes.Count(b => b is (byte)'\n' or (byte)'\r'));
            }
        }

        // Both ways must be walked often, or the mutations have become too tame or too wild to show anything.
        Assert.True(read > 4_000 && refused > 2_000, $"{read} read, {refused} refused");
    }

    private static byte[] Break(string seed, Random random)
    {
        var text = new StringBuilder(seed);
        for (var edits = random.Next(1, 7); edits > 0; edits--)
        {
            var at = random.Next(text.Length + 1);
            switch (random.Next(5))
            {
                case 0:
                    text.Remove(at, Math.Min(text.Length - at, random.Next(1, 20)));
                    break;
                case 1:
                    text.Insert(at, text.ToString(at, Math.Min(text.Length - at, random.Next(1, 60))));
                    break;
                case 2 when at < text.Length:
                    text[at] = (char)random.Next(1, 0x250);
                    break;
                default:
                    text.Insert(at, Splinters[random.Next(Splinters.Length)]);
                    break;
            }
        }

        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        for (var flips = random.Next(10) == 0 ? random.Next(1, 4) : 0; flips > 0 && bytes.Length > 0; flips--)
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return bytes;
    }
}
