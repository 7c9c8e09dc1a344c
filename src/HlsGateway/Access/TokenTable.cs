using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Access;

/// <summary>
/// The bearer tokens that are valid while this process lives, as SHA-256 digests with their roles.
/// A lookup compares every digest in fixed time, so neither a token's text nor its place in the list shows in the duration.
/// </summary>
internal sealed class TokenTable
{
    /// <summary>Below the data directory; mode 0600.</summary>
    public const string FileName = "api-token";

    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly (byte[] Digest, string Role)[] entries;

    public TokenTable(IOptions<AccessOptions> access, IOptions<GatewayOptions> gateway, IHostEnvironment environment, ILogger<TokenTable> log)
    {
        var tokens = access.Value.ApiTokens;
        if (tokens.Length == 0)
            tokens = [new ApiToken { Token = KeptToken(gateway.Value.DataPath(environment), log), Role = Roles.Admin }];
        entries = [.. tokens.Select(token => (SHA256.HashData(Encoding.UTF8.GetBytes(token.Token)), token.Role))];
    }

    /// <summary>The role a token carries, or null when it is none of ours.</summary>
    public string? RoleOf(string token)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(token), digest);
        string? role = null;
        foreach (var entry in entries)
        {
            if (CryptographicOperations.FixedTimeEquals(entry.Digest, digest))
                role = entry.Role;
        }
        return role;
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
                // The one place where a token is shown: the terminal that started the gateway for the first time, never a log.
                Console.WriteLine($"API token (admin), shown this once and kept in {path}: {made}");
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
        return token.Length >= 8 ? token : throw new InvalidOperationException(
            $"{path} holds no token. Delete the file to have a new one made, or set Gateway:ApiTokens.");
    }

    private static FileStreamOptions OwnerOnly(FileMode mode) => new()
    {
        Mode = mode,
        Access = FileAccess.Write,
        UnixCreateMode = Owner,
    };
}
