using System.Data.Common;
using System.Diagnostics;
using HlsGateway.Content;
using HlsGateway.Media;
using HlsGateway.Telemetry;

namespace HlsGateway.Trailers;

/// <summary>Makes the copies that are asked for, one at a time: viewers need the machine's other cores.</summary>
internal sealed class TrailerConditioner(
    TrailerLibrary library, TrailerRecords records, TrailerEncoder encoder, ContinuingCopy continuing, TrailerSwitch state, ILogger<TrailerConditioner> log)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var wanted in library.Wanted.ReadAllAsync(stoppingToken))
        {
            try
            {
                library.Made(wanted, await FindOrMakeAsync(wanted, stoppingToken));
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever went wrong with one copy, the next one may still be made; this session had no trailer (rule S8).
                var reason = e is ConditioningException or SandboxException ? e.Message : e.GetType().Name;
                library.Failed(wanted, reason);
                log.TrailerCopyFailed(e is ConditioningException or SandboxException ? null : e, wanted.Version.Label, wanted.Shape.Profile, reason);
            }
        }
    }

    private async Task<TrailerCopy> FindOrMakeAsync(WantedCopy wanted, CancellationToken ct)
    {
        var (version, shape) = wanted;
        if (await records.FindCopyAsync(version, shape, ct) is { } found)
            return found;
        var shared = shape.Continues is null ? null : await SharedAsync(wanted, ct);
        var clock = Stopwatch.GetTimestamp();
        using var encoded = shared is null ? await EncodeAsync(version, shape, ct) : await continuing.MakeAsync(shape, shared, ct);
        await records.AddCopyAsync(version, shape, encoded, ct);
        // Continuing copies are looked up only when they are needed: there may be one for every length of a video.
        if (shared is null)
            await TellOthersAsync(ct);
        log.TrailerCopyMade(version.Label, shape.Profile, encoded.Copy.Segments.Length, Stopwatch.GetElapsedTime(clock).TotalSeconds);
        return encoded.Copy;
    }

    /// <summary>The shared copy that a continuing one is made from; made now where there is none.</summary>
    private async Task<TrailerCopy> SharedAsync(WantedCopy wanted, CancellationToken ct)
    {
        var shape = wanted.Shape with { Continues = null };
        if (library.ById(wanted.Version.Id)?.Copies.GetValueOrDefault(shape.Profile) is { } known)
            return known;
        if (library.FailureOf(wanted.Version.Id, shape.Profile) is { } failure)
            throw new ConditioningException(failure.Reason);
        var made = await FindOrMakeAsync(wanted with { Shape = shape }, ct);
        library.Made(wanted with { Shape = shape }, made);
        return made;
    }

    private async Task<EncodedCopy> EncodeAsync(TrailerVersion version, RenditionShape shape, CancellationToken ct)
    {
        await using var source = await records.OpenSourceAsync(version, ct);
        return await encoder.EncodeAsync(version, shape, source, ct);
    }

    private async Task TellOthersAsync(CancellationToken ct)
    {
        try
        {
            await state.NoteLibraryAsync(uploaded: null, ct);
        }
        catch (Exception e) when (e is DbException or TimeoutException)
        {
            // The others still find the copy in the store when a session asks for it.
            log.TrailerStateUnreadable(e.GetType().Name);
        }
    }
}
