using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace HlsGateway.Playback;

/// <summary>
/// Signs and verifies for one purpose: the first bytes of HMAC-SHA256. The first key signs, all verify, so that secrets can be changed.
/// Comparing takes the same time wherever the difference lies.
/// </summary>
/// <param name="macs">One for each secret.</param>
/// <param name="size">Bytes of a tag.</param>
internal sealed class Signer(Mac[] macs, int size)
{
    /// <summary>Writes the bytes of a tag.</summary>
    public void Sign(ReadOnlySpan<byte> message, Span<byte> tag) => Compute(macs[0], message, tag);

    /// <summary>The tag as base64url.</summary>
    public string Sign(ReadOnlySpan<byte> message)
    {
        Span<byte> tag = stackalloc byte[size];
        Sign(message, tag);
        return Base64Url.EncodeToString(tag);
    }

    public bool Verifies(ReadOnlySpan<byte> message, ReadOnlySpan<byte> given)
    {
        Span<byte> tag = stackalloc byte[size];
        foreach (var mac in macs)
        {
            Compute(mac, message, tag);
            if (CryptographicOperations.FixedTimeEquals(tag, given))
                return true;
        }

        return false;
    }

    /// <summary>The same of a tag as base64url.</summary>
    public bool Verifies(ReadOnlySpan<byte> message, ReadOnlySpan<char> given)
    {
        Span<byte> tag = stackalloc byte[size];
        return given.Length == Base64Url.GetEncodedLength(size) && Base64Url.DecodeFromChars(given, tag, out _, out var written) is OperationStatus.Done
            && written == size && Verifies(message, tag);
    }

    private void Compute(Mac mac, ReadOnlySpan<byte> message, Span<byte> tag)
    {
        Span<byte> whole = stackalloc byte[Mac.Size];
        mac.Compute(message, whole);
        whole[..size].CopyTo(tag);
    }
}

/// <summary>HMAC-SHA256 with a state per thread: half the cost of the one-shot call on OpenSSL (measured: 2.4 against 5 µs).</summary>
#pragma warning disable CA1001 // A key lives as long as the process; there is no moment to dispose of it.
internal sealed class Mac(byte[] key)
#pragma warning restore CA1001
{
    public const int Size = 32;

    // Only its own thread uses a state between AppendData and GetHashAndReset.
    private readonly ThreadLocal<IncrementalHash> hash = new(() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key));

    /// <summary>Writes the 32 bytes of HMAC-SHA256 over <paramref name="message"/>.</summary>
    public void Compute(ReadOnlySpan<byte> message, Span<byte> destination)
    {
        var state = hash.Value!;
        state.AppendData(message);
        state.GetHashAndReset(destination);
    }
}
