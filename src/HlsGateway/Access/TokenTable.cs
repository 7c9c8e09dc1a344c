using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Access;

/// <summary>
/// The bearer tokens that this process knows, as SHA-256 digests: those of the configuration, and a snapshot of those in the catalogue's
/// database. A lookup compares every digest in fixed time, so neither a token's text, its place in the list nor its state shows in the duration.
/// </summary>
internal sealed class TokenTable
{
    /// <summary>Below the data directory; mode 0600.</summary>
    public const string FileName = "api-token";

    /// <summary>What every secret that the API makes begins with, so that people and scanners recognise one.</summary>
    public const string MadePrefix = "hlsgw_";

    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly ConcurrentDictionary<RunningCall, bool> running = new();
    private readonly TimeProvider time;
    private volatile KnownToken[] entries;
    private volatile IReadOnlyDictionary<string, long> signOuts = new Dictionary<string, long>(StringComparer.Ordinal);
    private volatile bool isRead;

    public TokenTable(IOptions<AccessOptions> access, IOptions<GatewayOptions> gateway, IHostEnvironment environment, TimeProvider time, ILogger<TokenTable> log)
    {
        this.time = time;
        var tokens = access.Value.ApiTokens;
        Configured = tokens.Length > 0
            ? [.. tokens.Select((token, i) => new KnownToken(
                $"configuration-{i}", token.Name, token.Role, TokenSource.Configuration, DigestOf(token.Token), Rfc3339.TryRead(token.ExpiresAt, out var end, out _) ? end : null))]
            : [new KnownToken(FileName, FileName, Roles.Admin, TokenSource.File, DigestOf(KeptToken(gateway.Value.DataPath(environment), log)), ExpiresAt: null)];
        entries = Configured;
    }

    /// <summary>Those that only the operator can change: of <c>Gateway:ApiTokens</c>, or the one of the first start.</summary>
    public KnownToken[] Configured { get; }

    /// <summary>False until the database has been read once: a token that was made by the API is not known yet.</summary>
    public bool IsRead => isRead;

    public static byte[] DigestOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>The token with this secret, whatever its state, or null when it is none of ours.</summary>
    public KnownToken? Find(string secret)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(secret), digest);
        KnownToken? found = null;
        foreach (var entry in entries)
        {
            if (CryptographicOperations.FixedTimeEquals(entry.Digest, digest))
                found = entry;
        }
        return found;
    }

    /// <summary>The token whose secret has this SHA-256, whatever its state: for what was signed here and names it so.</summary>
    public KnownToken? FindByDigest(byte[] digest) => Array.FindLast(entries, entry => entry.Digest.AsSpan().SequenceEqual(digest));

    /// <summary>When whoever has this token signed out everywhere, Unix milliseconds; 0 where nobody did.</summary>
    public long SignedOutAt(byte[] digest) => signOuts is { Count: > 0 } all ? all.GetValueOrDefault(Convert.ToHexStringLower(digest)) : 0;

    /// <summary>Takes over what the database holds, and ends the requests of tokens that are no longer valid.</summary>
    /// <param name="signedOut">By the SHA-256 of the token, in hexadecimal.</param>
    public void Replace(IEnumerable<KnownToken> made, IReadOnlyDictionary<string, long> signedOut)
    {
        entries = [.. made, .. Configured];
        signOuts = signedOut;
        isRead = true;
        EndCalls();
    }

    /// <summary>Remembers a request until it is over: a live tail may run for hours, and ends with its token.</summary>
    /// <param name="after">Of a cookie: the last sign-out that it was given after; <see cref="long.MaxValue"/> for the token itself, which no sign-out ends.</param>
    public void Watch(HttpContext context, KnownToken token, long after = long.MaxValue)
    {
        var call = new RunningCall(context, token, after, over => running.TryRemove(over, out _));
        running[call] = true;
        context.Response.RegisterForDispose(call);
    }

    /// <summary>Closes the connections of requests whose token has expired, was revoked or signed out everywhere, and that go on for longer than a second.</summary>
    public void EndCalls()
    {
        if (running.IsEmpty)
            return;
        var now = time.GetUtcNow();
        var active = entries.Where(entry => entry.StateAt(now) == TokenState.Active).Select(entry => entry.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var (call, _) in running)
        {
            if (!active.Contains(call.Token.Id) || call.After < SignedOutAt(call.Token.Digest))
                call.EndSoon(time);
        }
    }

    private static string KeptToken(string dataDirectory, ILogger log)
    {
        Directory.CreateDirectory(dataDirectory);
        var path = Path.Combine(dataDirectory, FileName);
        if (!File.Exists(path))
        {
            var made = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            // Written aside and linked into place: a second process that starts now sees the whole token or none.
            var aside = $"{path}.{Environment.ProcessId}";
            using (var file = new FileStream(aside, OwnerOnly(FileMode.Create)))
            {
                file.Write(Encoding.ASCII.GetBytes(made + "\n"));
                file.Flush(flushToDisk: true);
            }
            try
            {
                File.Move(aside, path, overwrite: false);
                // The one place where a token is shown: the terminal that started the gateway for the first time, never a file or a log.
                if ((Console.IsErrorRedirected ? Console.IsOutputRedirected ? null : Console.Out : Console.Error) is { } terminal)
                    terminal.WriteLine($"API token (admin), shown this once and kept in {path}: {made}");
            }
            catch (IOException) when (File.Exists(path))
            {
                File.Delete(aside);
            }
        }
        if ((File.GetUnixFileMode(path) & ~Owner) != UnixFileMode.None)
        {
            File.SetUnixFileMode(path, Owner);
            log.TokenFileWasReadableByOthers(FileName);
        }
        var token = File.ReadAllText(path).Trim();
        return token.Length >= 8 ? token : throw new WrongStartException([new("Gateway:ApiTokens",
            $"{path} holds no token. Delete the file to have a new one made, or set Gateway:ApiTokens.")]);
    }

    private static FileStreamOptions OwnerOnly(FileMode mode) => new()
    {
        Mode = mode,
        Access = FileAccess.Write,
        UnixCreateMode = Owner,
    };
}
