using FsCheck;
using FsCheck.Fluent;

namespace HlsGateway.Playlists.Tests;

public sealed class UriTests
{
    [Theory]
    [InlineData("a.ts", "a.ts?x=1")]
    [InlineData("a.ts?sig=a%2Bb%2F%3D~&e=1+2", "a.ts?sig=a%2Bb%2F%3D~&e=1+2&x=1")]
    [InlineData("a.ts?", "a.ts?&x=1")]
    [InlineData("a.ts?b=1&", "a.ts?b=1&&x=1")]
    [InlineData("a.ts#top", "a.ts?x=1#top")]
    [InlineData("a.ts?b#c?d#e", "a.ts?b&x=1#c?d#e")]
    [InlineData("a.ts#c?d", "a.ts?x=1#c?d")]
    [InlineData("", "?x=1")]
    [InlineData("{$base}/a.ts?t={$t}", "{$base}/a.ts?t={$t}&x=1")]
    public void I1_Parameters_are_appended_to_the_query_and_stand_before_the_fragment(string uri, string expected) =>
        Assert.Equal(expected, UriQuery.Append(uri, "x=1"));

    [Theory]
    [InlineData("")]
    [InlineData("_HLS_msn=3")]
    [InlineData("x=1&_hls_skip=YES")]
    [InlineData("CMCD=bl%3D1")]
    [InlineData("x=1&cmcd")]
    [InlineData("x=1&&y=2")]
    [InlineData("=1")]
    public void I1_Names_of_the_protocol_are_never_appended(string nameValues) =>
        Assert.ThrowsAny<ArgumentException>(() => UriQuery.Append("a.ts", nameValues));

    [Fact]
    public void I1_Cutting_what_was_appended_gives_the_original_back_byte_for_byte()
    {
        var uris = Gen.Elements('a', '/', '?', '&', '#', '=', '%', 'é', ':', '.', '+').ListOf().Select(letters => string.Concat(letters));
        Properties.Hold(uris.ToArbitrary(), uri =>
        {
            var appended = UriQuery.Append(uri, "session_id=T&t=0");
            var at = appended.IndexOf("session_id=T&t=0", StringComparison.Ordinal);
            var hash = uri.IndexOf('#', StringComparison.Ordinal);
            return appended.Remove(at - 1, "session_id=T&t=0".Length + 1) == uri
                && (hash < 0 ? appended.EndsWith("t=0", StringComparison.Ordinal) : appended.EndsWith("t=0" + uri[hash..], StringComparison.Ordinal));
        });
    }

    /// <summary>RFC 3986 sections 5.4.1 and 5.4.2, all of them but the two that name another scheme's opaque URIs.</summary>
    [Theory]
    [InlineData("g", "http://a/b/c/g")]
    [InlineData("./g", "http://a/b/c/g")]
    [InlineData("g/", "http://a/b/c/g/")]
    [InlineData("/g", "http://a/g")]
    [InlineData("//g", "http://g")]
    [InlineData("?y", "http://a/b/c/d;p?y")]
    [InlineData("g?y", "http://a/b/c/g?y")]
    [InlineData("#s", "http://a/b/c/d;p?q#s")]
    [InlineData("g#s", "http://a/b/c/g#s")]
    [InlineData("g?y#s", "http://a/b/c/g?y#s")]
    [InlineData(";x", "http://a/b/c/;x")]
    [InlineData("g;x?y#s", "http://a/b/c/g;x?y#s")]
    [InlineData("", "http://a/b/c/d;p?q")]
    [InlineData(".", "http://a/b/c/")]
    [InlineData("./", "http://a/b/c/")]
    [InlineData("..", "http://a/b/")]
    [InlineData("../", "http://a/b/")]
    [InlineData("../g", "http://a/b/g")]
    [InlineData("../..", "http://a/")]
    [InlineData("../../", "http://a/")]
    [InlineData("../../g", "http://a/g")]
    [InlineData("../../../g", "http://a/g")]
    [InlineData("../../../../g", "http://a/g")]
    [InlineData("/./g", "http://a/g")]
    [InlineData("/../g", "http://a/g")]
    [InlineData("g.", "http://a/b/c/g.")]
    [InlineData(".g", "http://a/b/c/.g")]
    [InlineData("g..", "http://a/b/c/g..")]
    [InlineData("..g", "http://a/b/c/..g")]
    [InlineData("./../g", "http://a/b/g")]
    [InlineData("./g/.", "http://a/b/c/g/")]
    [InlineData("g/./h", "http://a/b/c/g/h")]
    [InlineData("g/../h", "http://a/b/c/h")]
    [InlineData("g;x=1/./y", "http://a/b/c/g;x=1/y")]
    [InlineData("g;x=1/../y", "http://a/b/c/y")]
    [InlineData("g?y/./x", "http://a/b/c/g?y/./x")]
    [InlineData("g?y/../x", "http://a/b/c/g?y/../x")]
    [InlineData("g#s/./x", "http://a/b/c/g#s/./x")]
    [InlineData("g#s/../x", "http://a/b/c/g#s/../x")]
    [InlineData("g:h", "g:h")]
    public void I2_References_resolve_as_the_examples_of_RFC_3986(string reference, string expected)
    {
        Assert.True(UriReference.TryResolve("http://a/b/c/d;p?q", reference, out var absolute));
        Assert.Equal(expected, absolute);
    }

    [Theory]
    [InlineData("https://h:8443/x/../y//z/%2e%2e/a%2Fb?q=%41", "https://h:8443/y//z/%2e%2e/a%2Fb?q=%41")]
    [InlineData("//cdn.example.com/v/./a.ts?x", "http://cdn.example.com/v/a.ts?x")]
    [InlineData("data:text/plain,../x", "data:text/plain,../x")]
    [InlineData("skd://key65", "skd://key65")]
    [InlineData("a:b/c.ts", "a:b/c.ts")]
    [InlineData("./a:b/c.ts", "http://a/b/c/a:b/c.ts")]
    [InlineData("1:b/c.ts", "http://a/b/c/1:b/c.ts")]
    [InlineData("a_b:c.ts", "http://a/b/c/a_b:c.ts")]
    [InlineData(":b", "http://a/b/c/:b")]
    [InlineData("..\\..\\x", "http://a/b/c/..\\..\\x")]
    [InlineData("ü/é.ts", "http://a/b/c/ü/é.ts")]
    [InlineData("/a//../b", "http://a/a/b")]
    [InlineData("/a/b/", "http://a/a/b/")]
    public void I2_Path_and_query_keep_their_bytes(string reference, string expected)
    {
        Assert.True(UriReference.TryResolve("http://a/b/c/d;p?q", reference, out var absolute));
        Assert.Equal(expected, absolute);
    }

    [Theory]
    [InlineData("http://a", "b.ts", "http://a/b.ts")]
    [InlineData("http://a?q", "", "http://a?q")]
    [InlineData("http://a/x/..?q", "#f", "http://a/?q#f")]
    public void I2_A_base_needs_no_path(string baseUrl, string reference, string expected)
    {
        Assert.True(UriReference.TryResolve(baseUrl, reference, out var absolute));
        Assert.Equal(expected, absolute);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a/b")]
    [InlineData("//a/b")]
    [InlineData("file:///a/b")]
    [InlineData("data:x")]
    public void I2_A_base_needs_a_scheme_and_a_host(string baseUrl)
    {
        Assert.False(UriReference.TryResolve(baseUrl, "x", out var absolute));
        Assert.Equal("", absolute);
    }

    [Theory]
    [InlineData("", UriForm.SameDocument)]
    [InlineData("?a/b", UriForm.SameDocument)]
    [InlineData("#a:b", UriForm.SameDocument)]
    [InlineData("a/b?c", UriForm.RelativePath)]
    [InlineData("../a", UriForm.RelativePath)]
    [InlineData("/a", UriForm.AbsolutePath)]
    [InlineData("//a", UriForm.NetworkPath)]
    [InlineData("///a", UriForm.NetworkPath)]
    [InlineData("h2-x.y+z:", UriForm.Absolute)]
    [InlineData("HTTPS://a", UriForm.Absolute)]
    public void I2_A_reference_tells_its_form(string reference, UriForm form) => Assert.Equal(form, UriReference.Split(reference).Form);

    [Fact]
    public void I2_A_reference_is_the_sum_of_its_parts()
    {
        var uri = UriReference.Split("https://u@h:1/p/a?q=1?#f#");

        Assert.Equal("https", uri.Scheme);
        Assert.Equal("u@h:1", uri.Authority);
        Assert.Equal("/p/a", uri.Path);
        Assert.Equal("?q=1?", uri.Query);
        Assert.Equal("#f#", uri.Fragment);
    }

    [Fact]
    public void I2_Resolving_agrees_with_the_framework_where_that_alters_no_bytes()
    {
        var references = Gen.Elements("a", "bc", "..", ".", "/", "/", "d.ts", "?x=1", "~").ListOf().Select(parts => string.Concat(parts))
            .Where(reference => !reference.StartsWith("//", StringComparison.Ordinal) && !reference.Contains("...", StringComparison.Ordinal));
        Properties.Hold(references.ToArbitrary(), reference =>
        {
            Assert.True(UriReference.TryResolve("http://host/v/1/p.m3u8", reference, out var absolute));
            return new Uri(new Uri("http://host/v/1/p.m3u8"), reference).AbsoluteUri == absolute;
        });
    }
}
