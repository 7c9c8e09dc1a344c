using System.Net;
using Dapper;
using HlsGateway.Database;
using HlsGateway.Subtitles;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Subtitles;

public class SubtitleIndexTests
{
    private readonly string video = $"video_{Guid.NewGuid():N}";

    private const string Hello = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello\n";

    [Fact]
    public async Task Captions_are_there_again_when_the_gateway_is()
    {
        var data = Directory.CreateTempSubdirectory("hlsgateway-captions-").FullName;
        try
        {
            await using (var host = await GatewayHost.StartAsync(dataDirectory: data))
                await PutAsync(host, "en");
            await using (var host = await GatewayHost.StartAsync(dataDirectory: data))
            {
                var index = host.Services.GetRequiredService<SubtitleIndex>();
                await Eventually.IsTrueAsync(() => !index.Tracks(video).IsEmpty, "the captions are read");
                var track = Assert.Single(index.Tracks(video));
                Assert.Equal("Hello", track.File.Cues[0].Text);
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task An_edit_made_by_another_process_is_seen_without_a_request()
    {
        await using var host = await GatewayHost.StartAsync();
        var index = host.Services.GetRequiredService<SubtitleIndex>();
        await PutAsync(host, "en");

        await using var database = new CatalogueDatabase(
            host.Services.GetRequiredService<IConfiguration>(), host.Services.GetRequiredService<IOptions<GatewayOptions>>(), host.Services.GetRequiredService<IHostEnvironment>());
        var elsewhere = new CaptionStore(database, Options.Create(new SubtitlesOptions()), TimeProvider.System);
        await elsewhere.PublishAsync(new CaptionEdit(video, "de", Hello, null, true, null, null, new Actor("editor"), default), CancellationToken.None);
        await Eventually.IsTrueAsync(() => index.Tracks(video).Length == 2, "the other process's language is in the index");
        await elsewhere.DeleteAsync(video, "en", default, new Actor("editor"), CancellationToken.None);
        await Eventually.IsTrueAsync(() => index.Tracks(video).Length == 1, "the language that the other process deleted is gone");
    }

    [Fact]
    public async Task Each_change_is_written_down_with_who_and_what()
    {
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, "en");
        await PutAsync(host, "en");
        await PutAsync(host, "en", "?sdh=true");
        using var editor = host.Api("editor");
        using var deleted = await editor.DeleteAsync(new Uri($"/api/videos/{video}/subtitles/en", UriKind.Relative));

        await using var connection = await host.Services.GetRequiredService<CatalogueDatabase>().OpenAsync(CancellationToken.None);
        var changes = (await connection.QueryAsync<(string Actor, string Kind, string Subject, string Video, string? Before, string? After)>(
            "SELECT actor, kind, subject, video, \"before\", \"after\" FROM change WHERE video = @video ORDER BY id", new { video })).ToList();
        var version = changes[0].After![..8];
        Assert.Equal(
            [
                ("editor", "captions", "en", video, null, $"{version} English"),
                ("editor", "captions", "en", video, $"{version} English", $"{version} English, SDH"),
                ("editor", "captions", "en", video, $"{version} English, SDH", null),
            ],
            changes);
    }

    [Fact]
    public async Task A_hundred_edits_from_two_sides_leave_the_index_and_the_table_the_same()
    {
        await using var host = await GatewayHost.StartAsync();
        var index = host.Services.GetRequiredService<SubtitleIndex>();
        var store = host.Services.GetRequiredService<CaptionStore>();
        string[] languages = ["de", "en", "fr", "it"];
        await Task.WhenAll(Enumerable.Range(0, 2).Select(async side =>
        {
            var random = new Random(side);
            for (var i = 0; i < 50; i++)
            {
                var language = languages[random.Next(languages.Length)];
                if (random.Next(4) == 0)
                    await store.DeleteAsync(video, language, default, new Actor("editor"), CancellationToken.None);
                else
                    await store.PublishAsync(new CaptionEdit(video, language, $"{Hello}\n00:03.000 --> 00:04.000\n{side} {i}\n", null, random.Next(2) == 0, null, null, new Actor("editor"), default), CancellationToken.None);
                await index.RefreshAsync(CancellationToken.None);
            }
        }));

        var (tracks, _, _) = await store.ListAsync(video, CancellationToken.None);
        Assert.Equal(
            tracks.Select(track => (track.Language, CaptionStore.Prefix(track.Sha256!), track.IsDefault != 0)),
            index.Tracks(video).Select(track => (track.Language, track.Version, track.Default)));
        Assert.InRange(index.Tracks(video).Count(track => track.Default), 0, 1);
    }

    private async Task PutAsync(GatewayHost host, string language, string query = "")
    {
        using var editor = host.Api("editor");
        using var put = await editor.PutAsync(new Uri($"/api/videos/{video}/subtitles/{language}{query}", UriKind.Relative), new StringContent(Hello));
        Assert.True(put.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK, put.StatusCode.ToString());
    }
}

[Collection(OnPostgres.Name)]
public sealed class SubtitleIndexOnPostgresTests : SubtitleIndexTests
{
    public SubtitleIndexOnPostgresTests(PostgresFixture postgres) => GatewayHost.Database.Value = postgres.NewDatabase();
}
