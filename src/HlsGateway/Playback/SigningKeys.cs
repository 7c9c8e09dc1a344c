using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>
/// The secrets behind session tokens, signatures of segments and of child playlists, and opaque targets. Each purpose has its own key (HKDF), so that
/// a signature made for one thing never passes for another. The first secret signs, all verify.
/// </summary>
internal sealed class SigningKeys
{
    public SigningKeys(IOptions<SessionsOptions> sessions, IOptions<GatewayOptions> gateway, IHostEnvironment host)
        : this(sessions.Value.Keys is { Length: > 0 } keys
            ? [.. keys.Select(Encoding.UTF8.GetBytes)]
            : [LoadOrCreate(Path.Combine(host.ContentRootPath, gateway.Value.DataDirectory, "session.key"))])
    {
    }

    internal SigningKeys(IReadOnlyList<byte[]> secrets)
    {
        Sessions = For("session", SessionToken.TagSize);
        Previews = For("preview", SessionToken.TagSize);
        Segments = For("segment", 8);
        Playlists = For("playlist", 8);
        Targets = For("target", 9);
        Cookies = Convert.ToHexStringLower(HKDF.DeriveKey(HashAlgorithmName.SHA256, secrets[0], 32, info: "hlsgateway cookies"u8.ToArray()));
        Fingerprints = [.. secrets.Select(secret => FingerprintOf(secret))];

        Signer For(string purpose, int size) => new(
            [.. secrets.Select(secret => new Mac(HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, info: Encoding.ASCII.GetBytes("hlsgateway " + purpose))))], size);
    }

    internal Signer Sessions { get; }

    internal Signer Previews { get; }

    internal Signer Segments { get; }

    /// <summary>Of child playlists.</summary>
    internal Signer Playlists { get; }

    internal Signer Targets { get; }

    /// <summary>A secret of the cookies of the Studio, which nothing in the database tells.</summary>
    internal string Cookies { get; }

    /// <summary>One for each secret, that of the signing one first: others compare it with theirs, and cannot read the secret from it.</summary>
    internal IReadOnlyList<string> Fingerprints { get; }

    private static string FingerprintOf(byte[] secret)
    {
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, info: "hlsgateway fingerprint"u8.ToArray());
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, "session keys"u8).AsSpan(0, 16));
    }

    private static byte[] LoadOrCreate(string file)
    {
        if (File.Exists(file))
            return File.ReadAllBytes(file);

        Directory.CreateDirectory(Path.GetDirectoryName(file) ?? ".");
        var key = RandomNumberGenerator.GetBytes(32);
        try
        {
            // CreateNew: of two processes that start at once, one makes the key and the other reads it.
            using var stream = new FileStream(file, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            stream.Write(key);
            stream.Flush(flushToDisk: true);
            return key;
        }
        catch (IOException) when (File.Exists(file))
        {
            return File.ReadAllBytes(file);
        }
    }
}
