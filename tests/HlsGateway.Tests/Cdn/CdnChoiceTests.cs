using HlsGateway.Cdn;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace HlsGateway.Tests.Cdn;

/// <summary>Which base a session has: the same at every gateway, in shares, and moved only by what is down.</summary>
public sealed class CdnChoiceTests
{
    private static readonly Guid[] Sessions = [.. Enumerable.Range(0, 4000).Select(i => new Guid(i, 7, 1, 1, 2, 3, 4, 5, 6, 7, 8))];

    private readonly CdnHealth health = new(new CdnProbeOptions { Failures = 2, Successes = 3 });

    [Fact]
    public void Sessions_have_their_bases_by_weight_and_every_gateway_agrees_in_whatever_order_they_are_written()
    {
        var one = Addresses(Base("east", 300), Base("west", 100), Base("spare", 0));
        var other = Addresses(Base("spare", 0), Base("west", 100), Base("east", 300));
        var chosen = Sessions.Select(session => Of(one, session)).ToArray();
        Assert.Equal(chosen, Sessions.Select(session => Of(other, session)));
        Assert.InRange(chosen.Count(name => name == "east"), 2850, 3150);
        Assert.DoesNotContain("spare", chosen);
    }

    /// <summary>Written down: another hash in the next version would move every session that runs.</summary>
    [Fact]
    public void The_choice_of_a_version_is_that_of_the_next() =>
        Assert.Equal("ewnweewwneneennenwwnnnne", string.Concat(Sessions.Take(24).Select(session => Of(Addresses(Base("east"), Base("west"), Base("north")), session)[0])));

    [Fact]
    public void Where_one_is_down_only_its_own_sessions_move_and_they_come_back()
    {
        var addresses = Addresses(Base("a"), Base("b"), Base("c"));
        var before = Sessions.Select(session => Of(addresses, session)).ToArray();
        Down(1);
        var meanwhile = Sessions.Select(session => Of(addresses, session)).ToArray();
        Assert.DoesNotContain("b", meanwhile);
        Assert.All(before.Zip(meanwhile).Where(pair => pair.First != "b"), pair => Assert.Equal(pair.First, pair.Second));
        Assert.Contains(before.Zip(meanwhile), pair => pair is ("b", "a"));
        Assert.Contains(before.Zip(meanwhile), pair => pair is ("b", "c"));
        Down(0);
        Down(2);
        Assert.Equal(before, Sessions.Select(session => Of(addresses, session)));
    }

    [Fact]
    public void One_that_answers_now_and_then_takes_no_sessions_back_and_forth()
    {
        const string answers = "1011010011010110111";
        var changes = new List<(int At, bool Up)>();
        for (var at = 0; at < answers.Length; at++)
        {
            if (health.Tell(0, answers[at] == '1' ? null : "it answered 503")) changes.Add((at, health.IsUp(0)));
        }

        // At the second failure of two, and at the third answer of three.
        Assert.Equal([(7, false), (18, true)], changes);
    }

    [Fact]
    public void Viewers_have_the_bases_of_their_group_while_one_of_them_is_up()
    {
        var addresses = Addresses(Base("de", viewers: ["DE", "AT"]), Base("us", viewers: ["US"]), Base("world"));
        Assert.All(Sessions.Take(50), session =>
        {
            Assert.Equal("de", Of(addresses, session, "at"));
            Assert.Equal("us", Of(addresses, session, "US"));
            Assert.Equal("world", Of(addresses, session, "FR"));
            Assert.Equal("world", Of(addresses, session));
        });
        Down(0);
        Assert.Contains(Of(addresses, Sessions[0], "DE"), (string[])["us", "world"]);
        Down(2);
        Assert.Equal("us", Of(addresses, Sessions[0], "FR"));
    }

    [Fact]
    public void Without_a_session_a_path_has_one_base()
    {
        var addresses = Addresses(Base("a"), Base("b"));
        var names = Enumerable.Range(0, 40).Select(i => addresses.OriginUrl($"v/{i}.ts", default)).ToArray();
        Assert.Equal(names, Enumerable.Range(0, 40).Select(i => addresses.OriginUrl($"v/{i}.ts", default)));
        Assert.Equal(2, names.Select(url => new Uri(url!).Host).Distinct().Count());
    }

    [Fact]
    public void A_url_is_the_same_for_all_with_one_base_that_takes_it_as_it_is()
    {
        Assert.True(new CdnAddresses(new CdnOptions { BaseUrl = "https://cdn.test" }, "https://store.test", health, TimeProvider.System).IsSameForAll);
        Assert.True(Addresses(Base("a")).IsSameForAll);
        Assert.False(Addresses(Base("a"), Base("b")).IsSameForAll);
        Assert.False(new CdnAddresses(new CdnOptions { BaseUrl = "https://cdn.test", SessionParameter = "sid" }, "", health, TimeProvider.System).IsSameForAll);
        Assert.False(new CdnAddresses(new CdnOptions { Signing = Hmac }, "https://store.test", health, TimeProvider.System).IsSameForAll);
    }

    [Fact]
    public void What_stands_in_playlists_is_on_a_base_that_asks_for_no_signature()
    {
        Assert.Null(new CdnAddresses(new CdnOptions { BaseUrl = "https://cdn.test", Signing = Hmac }, "", health, TimeProvider.System).SharedBase("v"));
        Down(0);
        Assert.Equal("https://a.test/", Addresses(Base("a")).SharedBase("v"));
        Assert.Null(Addresses().SharedBase("v"));
    }

    [Fact]
    public void A_session_is_told_to_the_cdn_by_its_id_alone()
    {
        var addresses = new CdnAddresses(new CdnOptions { BaseUrl = "https://cdn.test", SessionParameter = "sid" }, "", health, TimeProvider.System);
        Assert.Equal($"https://cdn.test/v/0.ts?sid={Sessions[3]:N}-c", addresses.OriginUrl("v/0.ts", new(Sessions[3], 1, IsPreview: false, Counts: true, null)));
        Assert.Equal($"https://cdn.test/v/0.ts?a=b&sid={Sessions[3]:N}-o", addresses.OriginUrl("v/0.ts?a=b", new(Sessions[3], 1, IsPreview: false, Counts: false, null)));
        Assert.Equal("https://cdn.test/v/0.ts?sid=none", addresses.OriginUrl("v/0.ts", default));
        Assert.Equal("https://cdn.test/v/0.ts?sid=preview", addresses.OriginUrl("v/0.ts", new(Sessions[3], 1, IsPreview: true, Counts: false, null)));
    }

    [Theory]
    // Ten steps in a lifetime; never longer than the lifetime, nor than the session.
    [InlineData(1_000_000, 2_000_000, 3600, 1_003_320)]
    [InlineData(1_000_100, 2_000_000, 3600, 1_003_680)]
    [InlineData(1_000_000, 1_000_900, 3600, 1_000_900)]
    // The last moment of a session, one that is over, and none.
    [InlineData(1_000_000, 1_000_001, 3600, 1_000_030)]
    [InlineData(1_000_000, 999_999, 3600, 1_000_290)]
    [InlineData(1_000_000, 0, 3600, 1_000_290)]
    [InlineData(1_000_000, 0, 60, 1_000_056)]
    public void A_signature_ends_with_its_session_or_sooner(long now, long sessionEnds, int lifetime, long until) =>
        Assert.Equal(until, SignedUntil.Of(now * 1000, sessionEnds * 1000, TimeSpan.FromSeconds(lifetime)));

    private static CdnSigningOptions Hmac => new() { Scheme = CdnScheme.Hmac, Secret = "a secret of more than sixteen" };

    private static CdnBase Base(string name, int weight = 100, string[]? viewers = null) => new() { Name = name, Url = $"https://{name}.test", Weight = weight, Viewers = viewers ?? [] };

    private CdnAddresses Addresses(params CdnBase[] bases) => new(new CdnOptions { Bases = bases, ViewerHeader = "X-Country" }, "", health, TimeProvider.System);

    private static string Of(CdnAddresses addresses, Guid session, string? group = null)
    {
        var request = new DefaultHttpContext().Request;
        request.Headers["X-Country"] = group;
        return new Uri(addresses.OriginUrl("v/0.ts", addresses.Viewer(request, session, 1, isPreview: false, counts: true))!).Host.Split('.')[0];
    }

    private void Down(int index)
    {
        health.Tell(index, "no answer");
        Assert.True(health.Tell(index, "no answer"));
    }
}
