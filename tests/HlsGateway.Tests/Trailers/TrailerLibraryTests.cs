using HlsGateway.Content;
using HlsGateway.Storage;
using HlsGateway.Tests.Hosting;
using HlsGateway.Trailers;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Trailers;

/// <summary>The library inside the real program: files dropped into a folder, copies in the store, restarts.</summary>
public sealed class TrailerLibraryTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    private static readonly RenditionShape Shape = new("ts", 320, 180, "25/1", "main", 48000, 2);

    [Fact]
    public async Task A_file_dropped_into_the_folder_becomes_a_version_and_a_new_file_of_its_name_the_next_one()
    {
        var folder = Directory.CreateDirectory(workshop["drop"]).FullName;
        await using var host = await StartAsync(folder);
        var library = host.Services.GetRequiredService<TrailerLibrary>();
        Assert.Null(library.ActiveFor("any/video"));

        File.Copy(await workshop.SourceAsync(seconds: 2), Path.Combine(folder, "brand.mp4"));
        var first = await ActiveAsync(library, not: null);
        Assert.Equal(("brand", 2000), (first.Name, first.Source.DurationMs));
        Assert.Matches("^brand@[0-9a-f]{8}$", first.Label);

        library.Want(first, Shape);
        var copy = await CopyAsync(library, first.Id);
        Assert.Equal($"trailers/brand/{first.Hash}/{Shape.Profile}/", copy.KeyPrefix);

        File.Copy(await workshop.SourceAsync(seconds: 3), Path.Combine(folder, "brand.mp4"), overwrite: true);
        var second = await ActiveAsync(library, not: first);
        Assert.Equal(3000, second.Source.DurationMs);
        Assert.Same(library.ById(first.Id), library.Snapshot.Find(first.Label));
        // The shape that viewers asked for of the first is ready for the second without anybody asking.
        await CopyAsync(library, second.Id);
    }

    [Fact]
    public async Task S4_A_restart_finds_versions_and_copies_again_without_work()
    {
        var folder = Directory.CreateDirectory(workshop["restart"]).FullName;
        var data = Directory.CreateDirectory(workshop["restart-data"]).FullName;
        var dropped = Path.Combine(folder, "brand.mp4");
        File.Copy(await workshop.SourceAsync(seconds: 2), dropped);
        uint id;
        TrailerCopy before;
        await using (var host = await StartAsync(folder, data))
        {
            var library = host.Services.GetRequiredService<TrailerLibrary>();
            var version = await ActiveAsync(library, not: null);
            id = version.Id;
            library.Want(version, Shape);
            before = await CopyAsync(library, id);
        }

        File.Delete(dropped);
        await using (var host = await StartAsync(folder, data))
        {
            var library = host.Services.GetRequiredService<TrailerLibrary>();
            await host.Services.GetRequiredService<TrailerFolder>().Loaded;
            var after = library.ById(id)?.Copies[Shape.Profile];
            Assert.NotNull(after);
            Assert.Equal(before.Segments.AsEnumerable(), after.Segments);
            Assert.Equal(before with { Segments = after.Segments }, after);
            Assert.Equal(id, library.ActiveFor("any/video")?.Id);
            await using var segment = await host.Services.GetRequiredService<BlobStore>().OpenAsync(after.KeyPrefix + after.Segments[0].File, CancellationToken.None);
            Assert.NotNull(segment);
        }
    }

    [Fact]
    public async Task S8_A_copy_that_fails_is_remembered_with_its_reason_and_not_tried_again_at_once()
    {
        var folder = Directory.CreateDirectory(workshop["failing"]).FullName;
        File.Copy(await workshop.SourceAsync(seconds: 2), Path.Combine(folder, "brand.mp4"));
        await using var host = await StartAsync(folder);
        var library = host.Services.GetRequiredService<TrailerLibrary>();
        var version = await ActiveAsync(library, not: null);
        var odd = Shape with { Width = 321 };

        library.Want(version, odd);
        await Eventually.IsTrueAsync(() => library.FailureOf(version.Id, odd.Profile) is not null, "the copy failed");
        library.Want(version, odd);
        Assert.Equal("failed", Assert.Single(library.Unfinished(version.Id), copy => copy.Profile == odd.Profile).Status);
        Assert.Contains("No trailer copy can be made", library.FailureOf(version.Id, odd.Profile)!.Reason, StringComparison.Ordinal);

        library.Want(version, Shape);
        await CopyAsync(library, version.Id);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("<script>")]
    [InlineData("active")]
    [InlineData("a@b")]
    [InlineData(".hidden")]
    [InlineData("brand\n")]
    public void A_name_that_could_be_mistaken_for_anything_else_is_refused(string name) => Assert.False(TrailerIntake.IsName(name));

    [Fact]
    public void Scope_and_schedule_decide_which_trailer_a_video_gets()
    {
        var now = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        var a = Version("a", 1);
        var b = Version("b", 2);
        var c = Version("b", 3) with { Source = Version("b", 3).Source with { AddedAt = now } };
        var snapshot = new TrailerSnapshot(
            [c, a, b],
            [new("a", "shows/*", now, now.AddHours(1)), new(null, "quiet/*"), new($"b@00000002", "old*"), new("b")]);

        Assert.Equal(1u, snapshot.ActiveFor("shows/x/y", now)?.Version.Id);
        Assert.Equal(3u, snapshot.ActiveFor("shows/x/y", now.AddHours(1))?.Version.Id);
        Assert.Equal(3u, snapshot.ActiveFor("shows/x/y", now.AddTicks(-1))?.Version.Id);
        Assert.Null(snapshot.ActiveFor("quiet/x", now));
        Assert.Equal(2u, snapshot.ActiveFor("old1", now)?.Version.Id);
        Assert.Equal(3u, snapshot.ActiveFor("video_15", now)?.Version.Id);
    }

    private static TrailerVersion Version(string name, uint id) => new(
        name, id, new TrailerSource("", 1, 1000, HasAudio: true, DateTimeOffset.UnixEpoch),
        System.Collections.Frozen.FrozenDictionary<string, TrailerCopy>.Empty);

    private static Task<GatewayHost> StartAsync(string folder, string? data = null) => GatewayHost.StartAsync(
        settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Trailers:Folder"] = folder,
            ["Trailers:Active"] = "brand",
            ["Trailers:ScanInterval"] = "00:00:00.100",
        },
        dataDirectory: data);

    private static Task<TrailerVersion> ActiveAsync(TrailerLibrary library, TrailerVersion? not) => Eventually.GetAsync(
        () => Task.FromResult(library.ActiveFor("any/video") is { } active && active.Id != not?.Id ? active : null), "a trailer is active");

    private static Task<TrailerCopy> CopyAsync(TrailerLibrary library, uint id) => Eventually.GetAsync(
        () => Task.FromResult(library.ById(id)?.Copies.GetValueOrDefault(Shape.Profile)), "the copy is made");
}
