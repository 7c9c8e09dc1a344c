using HlsGateway.Counting;

namespace HlsGateway.Tests.Counting;

/// <summary>Reading what players say of themselves, whole or broken.</summary>
public sealed class CmcdTests
{
    [Theory]
    // As hls.js 1.7.4 wrote it, version 1 and version 2.
    [InlineData("bl=21300,br=900,d=4000,mtp=25400,nor=\"video6.ts\",ot=av,rtp=4500,sf=h,sid=\"f9ab7d8e-0ba4-4ef8-b2d6-24cf03d8ff4c\",st=v,tb=900", "bl=21300,mtp=25400,sid=\"f9ab7d8e-0ba4-4ef8-b2d6-24cf03d8ff4c\",st=v")]
    [InlineData("bl=(4000),br=(900;v 128;a),mtp=(25400),pr=2,sid=\"a\",st=ll,su,v=2", "bl=4000,mtp=25400,pr=2,sid=\"a\",st=ll,su")]
    [InlineData("bs,su", "bs,su")]
    [InlineData("bs=?0,su=false,bl=0", "bl=0")]
    [InlineData("bs=?1,su=true", "bs,su")]
    [InlineData("pr=1.25,bl=100", "bl=100,pr=1.25")]
    [InlineData(" bl = 5 , mtp=7", "bl=5,mtp=7")]
    [InlineData("bl=4000;v,bl=5000", "bl=5000")]
    [InlineData("sid=\"with \\\"marks\\\", and a comma\",bl=1", "bl=1,sid=\"with \\\"marks\\\", and a comma\"")]
    // What cannot be used is left out, and the rest is not.
    [InlineData("bl=-4000,mtp=1e9,pr=fast,st=x,su", "su")]
    [InlineData("bl=99999999999999999999,bs", "bs")]
    [InlineData("sid=unquoted,bl=1", "bl=1")]
    [InlineData("sid=\"\u0001\",bl=1", "bl=1")]
    [InlineData("bl=1,sid=\"never closed", "bl=1")]
    public void The_keys_that_are_kept_come_back_as_they_were_told(string text, string kept) =>
        Assert.Equal(kept, Cmcd.Parse(text)?.ToString());

    [Theory]
    [InlineData("")]
    [InlineData(",,,")]
    [InlineData("br=900,ot=av")]
    [InlineData("bl")]
    [InlineData("bl=")]
    [InlineData("\"")]
    [InlineData("((((")]
    [InlineData("))),bl\\")]
    public void Where_nothing_is_told_there_is_nothing(string text) => Assert.Null(Cmcd.Parse(text));

    [Fact]
    public void Too_long_a_text_is_not_looked_at() => Assert.Null(Cmcd.Parse("bl=1," + new string('x', Cmcd.Longest)));

    [Fact]
    public void No_text_breaks_it_and_what_it_keeps_it_reads_again()
    {
        var random = new Random(5004);
        string[] parts = ["bl", "bs", "mtp", "pr", "sid", "st", "su", "=", "=", ",", ",", "\"", "\\", "(", ")", ";", "4000", "2.5", "v", "ll", "-", " ", "%", "\0", "é", "?0"];
        for (var i = 0; i < 50_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(24)).Select(_ => parts[random.Next(parts.Length)]));
            var told = Cmcd.Parse(text);
            if (told is not null) Assert.Equal(told, Cmcd.Parse(told.ToString()));
        }
    }
}
