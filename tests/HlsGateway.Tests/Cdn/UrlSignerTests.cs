using HlsGateway.Cdn;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Cdn;

/// <summary>
/// Each signature beside one that somebody else's program made. Published by the vendors: CloudFront (AWS's developer guide, as boto's tests
/// hold it), S3 (AWS's Signature Version 4 reference), bunny.net (BunnyWay/BunnyCDN.TokenAuthentication, e2e/vectors.json). Recorded once where
/// none is published: CloudFront for a folder (npm @aws-sdk/cloudfront-signer 3), Akamai (npm akamai-edgeauth 0.1), and by Python's hmac and
/// hashlib from the vendors' descriptions Fastly, Cloudflare, bunny.net for a folder and in its older form, and our own generic form.
/// </summary>
public sealed class UrlSignerTests
{
    private const long Until = 1258237200;
    private const long BunnyUntil = 1598024587;
    private const string FastlyKey = "iqFPeN2u+Z0Lm5IrsKaOFKRqEU5Gw8ePtaEkHZWuD24=";

    [Fact]
    public void CloudFront_signs_a_file_as_its_guide_and_its_sdk_do() => Assert.Equal(
        "http://d604721fxaaqy9.cloudfront.net/horizon.jpg?large=yes&license=yes&Expires=1258237200&Key-Pair-Id=PK123456789754&Signature=Nql641NHEUkUaXQHZINK1FZ~SYeUSoBJMxjdgqrzIdzV2gyEXPDNv0pYdWJkflDKJ3xIu7lbwRpSkG98NBlgPi4ZJpRRnVX4kXAJK6tdNx6FucDB7OVqzcxkxHsGFd8VCG1BkC-Afh9~lOCMIYHIaiOB6~5jt9w2EOwi6sIIqrg_",
        CloudFront(CdnScope.File, "http://d604721fxaaqy9.cloudfront.net/horizon.jpg?large=yes&license=yes"));

    [Fact]
    public void CloudFront_signs_a_folder_as_its_sdk_does() => Assert.Equal(
        "https://d604721fxaaqy9.cloudfront.net/v/720p/0.ts?sid=018f&Policy=eyJTdGF0ZW1lbnQiOlt7IlJlc291cmNlIjoiaHR0cHM6Ly9kNjA0NzIxZnhhYXF5OS5jbG91ZGZyb250Lm5ldC92LzcyMHAvKiIsIkNvbmRpdGlvbiI6eyJEYXRlTGVzc1RoYW4iOnsiQVdTOkVwb2NoVGltZSI6MTI1ODIzNzIwMH19fV19&Key-Pair-Id=PK123456789754&Signature=rh8dw1DVgNYZdJJYIlPMKIvcqNY4y6E~IgFJjy7DjAFG2iIZptCxPCdii2AAwXWlDWQi~85l0votwZ-tT1MqoKTtJgO3RJC1SE126xvtJHWJhbkbsm5-wLU0~gWU1dukrk4cK5vdjGdwlGoO6mKQazFNz4WKnkL1MrVRa6TFfnE_",
        CloudFront(CdnScope.Folder, "https://d604721fxaaqy9.cloudfront.net/v/720p/0.ts?sid=018f"));

    [Theory]
    [InlineData("https://cdn.test/v/*.ts", "https://cdn.test/v/%2A.ts?Expires=")]
    [InlineData("https://cdn.test/v/0.ts?a=*", "https://cdn.test/v/0.ts?a=%2A&Expires=")]
    [InlineData("https://cdn.test/v/\"},{\"Resource\":\"x.ts", "https://cdn.test/v/%22%7D,%7B%22Resource%22:%22x.ts?Expires=")]
    [InlineData("https://cdn.test/v/\\u002a.ts", "https://cdn.test/v/%5Cu002a.ts?Expires=")]
    public void A_name_that_a_viewer_asks_for_widens_no_policy(string url, string begins) =>
        Assert.StartsWith(begins, CloudFront(CdnScope.File, url), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "?token=HS256-o10JRWlsAItyAsdKS6jJKjabHN4FrFsplDHPV1idcX4&expires=1598024587")]
    [InlineData("?token_countries=CA%2CUS", "?token=HS256-i5s3Uv7mnrFfN5nznwU2BxhILpnipYeE18TapV0WNFM&token_countries=CA%2CUS&expires=1598024587")]
    [InlineData("?token_countries_blocked=RU%2CCN", "?token=HS256-JS8dSuBSjSH-W2-xhdkCPC36-2rlxfDCQJjlNMPqKZQ&token_countries_blocked=RU%2CCN&expires=1598024587")]
    [InlineData("?token_ignore_params=true", "?token=HS256-1lwWBD_c1IAGSj1UKPoxreu8ePDQ-Z9FoWLcRn_RRH0&token_ignore_params=true&expires=1598024587")]
    [InlineData("?limit=1000", "?token=HS256-DAVapqNNED3Z7JkjRTYX0UOIHNtbHEuuhRNEc4A7mMQ&limit=1000&expires=1598024587")]
    public void Bunny_signs_as_the_vendors_vectors_say(string query, string expected) => Assert.Equal(
        "https://token-tester.b-cdn.net/300kb.jpg" + expected,
        Sign(new BunnySigner("SecurityKey"u8.ToArray(), CdnScope.File, hmac: true), "https://token-tester.b-cdn.net/300kb.jpg" + query, BunnyUntil));

    [Theory]
    [InlineData(CdnScope.Folder, true, "/abc/300kb.jpg", "?token=HS256-IAfBLCYUODTlYvcX79PRxp3Wu5tNMexg1V4_XY8bgjs&token_path=%2Fabc%2F&expires=1598024587")]
    [InlineData(CdnScope.File, true, "/abc/seg1", "?token=HS256-DaX9_f_FSFewt8oBiozDf9gWjxNLi9xRg4CSFYXtLMA&token_path=%2Fabc%2Fseg1&expires=1598024587")]
    [InlineData(CdnScope.Folder, false, "/abc/300kb.jpg", "?token=alU76DOO93fp0VNNww7NZZaBaWH2gP0f7KmjGDYiipk&token_path=%2Fabc%2F&expires=1598024587")]
    [InlineData(CdnScope.File, false, "/300kb.jpg", "?token=DlAr_yuteDmLE0l9_myLDuNMbGzKG67E5uBEAp3vnvw&expires=1598024587")]
    public void Bunny_signs_folders_and_in_its_older_form(object scope, bool hmac, string path, string expected) => Assert.Equal(
        "https://token-tester.b-cdn.net" + path + expected,
        Sign(new BunnySigner("SecurityKey"u8.ToArray(), (CdnScope)scope, hmac), "https://token-tester.b-cdn.net" + path, BunnyUntil));

    [Theory]
    [InlineData(CdnScope.File, "/v/720p/0.ts", "exp=1258237200~hmac=56fe8de8d77d0cd0efde1203dbea82d0233e3c3472bd3238f31eaa98f628ba72")]
    [InlineData(CdnScope.Folder, "/v/720p/0.ts", "exp=1258237200~acl=/v/720p/*~hmac=0ddbf7387a24d559a152e7eb04aa94fd3c04227c1458cec0a7dc115874d0d2e4")]
    public void Akamai_signs_as_the_vendors_program_does(object scope, string path, string token) => Assert.Equal(
        $"https://cdn.test{path}?sid=1&__token__={token}",
        Sign(UrlSigner.Of(new() { Scheme = CdnScheme.Akamai, Scope = (CdnScope)scope, Secret = "52a152a152a152a152a152a152a1" })!, $"https://cdn.test{path}?sid=1"));

    [Theory]
    [InlineData("/v/*/0.ts")]
    [InlineData("/v/a!/etc/0.ts")]
    [InlineData("/v/~acl=/0.ts")]
    public void Akamai_gets_no_list_that_a_viewer_words(string path) => Assert.DoesNotContain("acl=/",
        Sign(new AkamaiSigner([1, 2, 3], CdnScope.Folder, "hdnts"), "https://cdn.test" + path).Split("hdnts=")[1], StringComparison.Ordinal);

    [Theory]
    [InlineData("/v/720p/0.ts", "/v/720p/0.ts?token=1258237200_c3f0457fb34aa0d1e6ab123aa1aedf64431d2f08")]
    [InlineData("/v/0.mp4", "/v/0.mp4?_&token=1258237200_21f9d0409bb091544496b2745d6eeb4fd68e892f")]
    public void Fastly_signs_url_and_end(string path, string expected) => Assert.Equal(
        "https://cdn.test" + expected, Sign(UrlSigner.Of(new() { Scheme = CdnScheme.Fastly, Secret = FastlyKey })!, "https://cdn.test" + path));

    [Fact]
    public void Cloudflare_signs_url_and_time() => Assert.Equal(
        "https://cdn.test/v/720p/0.ts?verify=1484063787-kHTS3g%2FfWpD%2BDGxweiZuNb07yR26i0ZiANKjaL3YDsE%3D",
        Sign(new CloudflareSigner("mysecrettoken"u8.ToArray(), "verify", TimeSpan.FromHours(3)), "https://cdn.test/v/720p/0.ts", 1484063787 + 10800));

    [Fact]
    public void S3_presigns_as_the_reference_says() => Assert.Equal(
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        Sign(new S3Signer("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1", TimeSpan.FromDays(1)), "https://examplebucket.s3.amazonaws.com/test.txt", 1369353600 + 86400));

    [Fact]
    public void The_generic_form_signs_what_the_options_word() => Assert.Equal(
        "https://cdn.test/v/720p/0.ts?expires=1258237200&signature=iJ_lyHaiLU10QxgKnuyd3Fs5KalR7NDXYj2y5MaU_-w",
        Sign(UrlSigner.Of(new() { Scheme = CdnScheme.Hmac, Secret = "a secret of more than sixteen" })!, "https://cdn.test/v/720p/0.ts"));

    /// <summary>Who asks for <c>seg19</c> must not get the signature of <c>seg1</c> until a year with one digit more.</summary>
    [Theory]
    [InlineData(CdnScheme.Bunny)]
    [InlineData(CdnScheme.BunnySha256)]
    [InlineData(CdnScheme.Fastly)]
    [InlineData(CdnScheme.Cloudflare)]
    [InlineData(CdnScheme.Hmac)]
    public void A_digit_at_the_end_of_a_path_is_never_read_as_one_of_the_time(object scheme)
    {
        var signer = UrlSigner.Of(new() { Scheme = (CdnScheme)scheme, Secret = FastlyKey, UrlLifetime = TimeSpan.FromMinutes(1) })!;
        Assert.NotEqual(Signature(Sign(signer, "https://cdn.test/v/seg19", Until)), Signature(Sign(signer, "https://cdn.test/v/seg1", 90_000_000_000 + Until)));
        Assert.NotEqual(Signature(Sign(signer, "https://cdn.test/v/a.ts?n=19", Until)), Signature(Sign(signer, "https://cdn.test/v/a.ts?n=1", 90_000_000_000 + Until)));

        static string Signature(string url) => url.Split("token=", 2)[^1].Split("verify=", 2)[^1].Split("signature=", 2)[^1].Split('&')[0].Split('_')[^1].Split('-', 2)[^1];
    }

    private static string CloudFront(CdnScope scope, string url) => Sign(new CloudFrontSigner(CloudFrontKey.Pem, "PK123456789754", scope), url);

    private static string Sign(UrlSigner signer, string url, long until = Until) => signer.Sign(CdnUrl.Of(url), until);
}
