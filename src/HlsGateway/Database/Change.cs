using System.Data.Common;
using Dapper;

namespace HlsGateway.Database;

/// <summary>One line of <c>GET /api/changes</c>.</summary>
/// <param name="AtMs">Unix time, milliseconds.</param>
/// <param name="Actor">Who asked for it, or <see cref="Actor.System"/>.</param>
/// <param name="Kind">What sort of thing: <c>captions</c>, <c>trailer</c>, <c>revision</c>, <c>start</c>, <c>stop</c>, <c>gap</c>.</param>
/// <param name="Subject">Which one of its kind: a language, a trailer's name, a gateway.</param>
/// <param name="Video">Empty when it concerns no single video.</param>
/// <param name="Before">What was, or null when there was nothing.</param>
/// <param name="After">What is, or null when it is gone.</param>
internal sealed record Change(long AtMs, Actor Actor, string Kind, string Subject, string Video, string? Before, string? After)
{
    /// <summary>Call it in the transaction of the change itself, so that neither exists without the other.</summary>
    /// <param name="id">Where the same change may be written again: its id. The newer one then replaces the older.</param>
    public Task WriteAsync(DbConnection connection, DbTransaction transaction, Guid? id = null) => connection.ExecuteAsync(
        """
        INSERT INTO change (id, at_ms, actor, kind, subject, video, "before", "after") VALUES (@Id, @AtMs, @Actor, @Kind, @Subject, @Video, @Before, @After)
        ON CONFLICT (id) DO UPDATE SET "before" = excluded."before", "after" = excluded."after"
        """,
        new { Id = (id ?? Guid.CreateVersion7(DateTimeOffset.FromUnixTimeMilliseconds(AtMs))).ToString(), AtMs, Actor = Actor.Text, Kind, Subject, Video, Before, After }, transaction);
}
