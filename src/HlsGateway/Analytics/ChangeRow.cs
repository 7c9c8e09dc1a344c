using HlsGateway.Trailers;

namespace HlsGateway.Analytics;

/// <summary>A row of <c>change</c>.</summary>
internal sealed record ChangeRow
{
    public string Id { get; init; } = "";

    public long AtMs { get; init; }

    public string Actor { get; init; } = "";

    public string Kind { get; init; } = "";

    public string Subject { get; init; } = "";

    public string Video { get; init; } = "";

    public string? Before { get; init; }

    public string? After { get; init; }

    /// <summary>A trailer's row names a glob.</summary>
    public bool Concerns(string video) =>
        (Video.Length == 0 && Kind != "token") || Video == video || (Kind == "trailer" && new ActiveTrailer(null, Video).Covers(video, DateTimeOffset.MinValue));

    public ToldChange Tell() => new(Guid.Parse(Id), DateTimeOffset.FromUnixTimeMilliseconds(AtMs).UtcDateTime, Actor, Kind, Subject, Video, Before, After);
}
