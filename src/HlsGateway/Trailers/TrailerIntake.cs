using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using HlsGateway.Media;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Trailers;

/// <summary>A file that cannot be a trailer; the message is one sentence for the editor.</summary>
internal sealed class TrailerRefusedException(string message) : Exception(message);

/// <summary>Takes a file into the library: bounded, probed in the sandbox, stored, and only then listed.</summary>
internal sealed partial class TrailerIntake(
    TrailerLibrary library, TrailerRecords records, TrailerSwitch state, Ffmpeg ffmpeg, IOptions<TrailersOptions> options, TimeProvider time, ILogger<TrailerIntake> log) : IDisposable
{
    private const int ShortestMs = 500;

    /// <summary>A minute at 4K takes about half a minute on one core.</summary>
    private static readonly TimeSpan DecodeDeadline = TimeSpan.FromMinutes(3);

    /// <summary>Names of the API's own resources below <c>/api/trailers/</c>.</summary>
    private static readonly FrozenSet<string> Reserved = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "active", "rollback", "history", "preview", "schedule", "plan");

    private readonly SemaphoreSlim gate = new(1, 1);

    internal string TooLarge => $"The file is larger than {options.Value.MaxBytes} bytes (Trailers:MaxBytes).";

    /// <summary>Letters, digits, hyphens, underscores and dots; a letter or digit first; at most 64.</summary>
    public static bool IsName(string name) => NamePattern().IsMatch(name) && !IsReserved(name);

    /// <summary>The API has a resource of its own with that name.</summary>
    public static bool IsReserved(string name) => Reserved.Contains(name);

    internal static string ReservedNames => string.Join(", ", Reserved.Order(StringComparer.Ordinal));

    /// <summary>The new version, or the one that already holds these bytes under this name.</summary>
    /// <param name="by">Who uploads it; null: it lies in the folder of trailers. A version that was removed from the library becomes the current one again only where somebody uploads it.</param>
    /// <exception cref="TrailerRefusedException">The file cannot be a trailer.</exception>
    public async Task<TrailerVersion> TakeAsync(string name, Stream content, Actor? by, CancellationToken ct)
    {
        if (IsReserved(name))
            throw new TrailerRefusedException($"No trailer can have the name {name}: the API uses {ReservedNames} itself. Choose another name.");
        if (!IsName(name))
            throw new TrailerRefusedException("A trailer's name is up to 64 letters, digits, hyphens, underscores and dots, and begins with a letter or digit.");
        using var folder = ffmpeg.Sandbox.OpenFolder();
        var (hash, bytes) = await ReceiveAsync(folder, content, ct);
        // 0 in a token means no trailer, so the one hash in four billion that gives 0 becomes 1.
        var id = Math.Max(1, BinaryPrimitives.ReadUInt32BigEndian(hash));
        var sha256 = Convert.ToHexStringLower(hash);

        await gate.WaitAsync(ct);
        try
        {
            if (library.ById(id) is { } known && !string.Equals(known.Source.Sha256, sha256, StringComparison.Ordinal))
                throw new TrailerRefusedException($"The file's version would be the same as that of {known.Label}; export it again.");
            if (library.ById(id) is { Withdrawn: true } withdrawn)
                throw new TrailerRefusedException($"This file was withdrawn as {withdrawn.Label}. To show it again, export it again and upload the new file.");
            if (library.Snapshot.Find(string.Create(CultureInfo.InvariantCulture, $"{name}@{id:x8}")) is { } same
                && (library.Snapshot.Find(name) == same || (by is null && library.Snapshot.IsRemoved(same))))
                return same;
            var probe = await ProbeAsync(folder, ct);
            await DecodeAsync(folder, ct);
            var version = new TrailerVersion(
                name, id, new TrailerSource(sha256, bytes, (int)Math.Round(probe.Seconds * 1000), probe.Audio is not null, time.GetUtcNow()),
                library.Snapshot.Find(string.Create(CultureInfo.InvariantCulture, $"{name}@{id:x8}"))?.Copies ?? FrozenDictionary<string, TrailerCopy>.Empty);
            await using (var source = folder.OpenInput(ConditioningArguments.SourceFile))
                await records.AddVersionAsync(version, source, ct);
            library.Add(version);
            await TellOthersAsync(by is null ? null : (version, by), ct);
            log.TrailerAdded(version.Label, version.Source.DurationMs / 1000.0);
            return version;
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();

    private async Task<(byte[] Hash, long Bytes)> ReceiveAsync(JobFolder folder, Stream content, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var total = 0L;
        await folder.AddAsync(ConditioningArguments.SourceFile, async file =>
        {
            var buffer = new byte[1 << 16];
            int read;
            while ((read = await content.ReadAsync(buffer, ct)) > 0)
            {
                total += read;
                if (total > options.Value.MaxBytes)
                    throw new TrailerRefusedException(TooLarge);
                hash.AppendData(buffer.AsSpan(0, read));
                await file.WriteAsync(buffer.AsMemory(0, read), ct);
            }
        });
        if (total == 0)
            throw new TrailerRefusedException("The file is empty.");
        return (hash.GetHashAndReset(), total);
    }

    /// <summary>Every frame is decoded once, so that a damaged one is found now, not when a viewer waits for the copy.</summary>
    private async Task DecodeAsync(JobFolder folder, CancellationToken ct)
    {
        var result = await ffmpeg.RunAsync(
            new FfmpegJob(folder, ConditioningArguments.Decode(TimeSpan.FromSeconds(options.Value.MaxSeconds + 1)), DecodeDeadline), ct);
        if (result.TimedOut)
            throw new TrailerRefusedException("The file takes too long to decode; export it smaller.");
        if (!result.Succeeded)
            throw new TrailerRefusedException("The file is damaged: not all of its frames can be decoded; export it again.");
    }

    private async Task TellOthersAsync((TrailerVersion Version, Actor By)? uploaded, CancellationToken ct)
    {
        try
        {
            await state.NoteLibraryAsync(uploaded, ct);
        }
        catch (Exception e) when (e is DbException or TimeoutException)
        {
            // This gateway has it; the others learn of it with the next version, or at their next start.
            log.TrailerStateUnreadable(e.GetType().Name);
        }
    }

    private async Task<MediaProbe> ProbeAsync(JobFolder folder, CancellationToken ct)
    {
        MediaProbe probe;
        try
        {
            probe = await ffmpeg.ProbeAsync(folder, ConditioningArguments.SourceFile, ProbeAs.Upload, ct);
        }
        catch (SandboxException)
        {
            throw new TrailerRefusedException("The file cannot be read as a video; export it as MP4.");
        }
        if (probe.Video is null)
            throw new TrailerRefusedException("The file has no picture that can be read.");
        if (probe.Video.IsHdr)
            throw new TrailerRefusedException("The file is HDR; export it in standard dynamic range (BT.709).");
        if (probe.Seconds * 1000 < ShortestMs)
            throw new TrailerRefusedException("The file is shorter than half a second, or does not say how long it is.");
        if (probe.Seconds > options.Value.MaxSeconds + 0.5)
            throw new TrailerRefusedException(string.Create(CultureInfo.InvariantCulture, $"The file lasts {probe.Seconds:0.#} s; a trailer may last {options.Value.MaxSeconds} s (Trailers:MaxSeconds)."));
        return probe;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamePattern();
}
