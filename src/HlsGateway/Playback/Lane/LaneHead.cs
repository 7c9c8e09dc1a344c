using System.Buffers;
using System.IO.Hashing;
using System.Text;
using HlsGateway.Counting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http;
using HttpMethod = Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpMethod;

namespace HlsGateway.Playback.Lane;

/// <summary>What the head of a request is to the lane.</summary>
internal enum HeadKind
{
    /// <summary>Its end has not come, and nothing in it is wrong so far.</summary>
    Incomplete,

    /// <summary>One for which Kestrel reads nothing but the head: a GET, HEAD or OPTIONS of HTTP/1.1 without any sign of a body.</summary>
    Plain,

    /// <summary>A plain GET with nothing in it that could change the answer to a player: the lane may answer it, where it knows the address.</summary>
    Simple,

    /// <summary>Anything else: Kestrel alone can tell where it ends.</summary>
    Other,
}

/// <summary>
/// Reads a request's head with Kestrel's own parser, so that both see the same request. Used again by its thread for each request; what is read holds until the next.
/// </summary>
internal sealed class LaneHead : IHttpRequestLineHandler, IHttpHeadersHandler
{
    private static readonly HttpParser<LaneHead> Parser = new();
    private static readonly SearchValues<byte> NameBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"u8);
    private static readonly SearchValues<byte> HostBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."u8);

    private readonly byte[] target = new byte[LaneTarget.Longest];
    private readonly byte[] room = new byte[LaneTarget.Longest];

    /// <summary>User-Agents that this thread has named.</summary>
    private readonly (byte[] Text, PlayerFamily Family)[] players = new (byte[], PlayerFamily)[64];

    /// <summary>Accept-Encodings that it has read.</summary>
    private readonly (byte[] Text, bool TakesGzip)[] encodings = new (byte[], bool)[16];
    private int targetLength;
    private int headers;
    private int named;
    private string[]? allowed;
    private bool plain;
    private bool simple;
    private bool isPlayerNamed;
    private bool isRangeRead;
    private bool isEncodingRead;

    /// <summary>Whether the player asked for a Range.</summary>
    public bool Ranged { get; private set; }

    /// <summary>Whether a playlist is to come zipped.</summary>
    public bool TakesGzip { get; private set; }

    public PlayerFamily Player { get; private set; }

    /// <summary>The target of a simple request.</summary>
    public bool TryTarget(out LaneTarget read) => LaneTarget.TryRead(target.AsSpan(0, targetLength), room, out read);

    /// <param name="length">Of the whole head, where it is complete.</param>
    /// <param name="hosts">Names that may be asked for; null: any.</param>
    public HeadKind Read(in ReadOnlySequence<byte> buffer, KestrelServerLimits limits, string[]? hosts, out int length)
    {
        allowed = hosts;
        length = targetLength = headers = named = 0;
        plain = simple = isPlayerNamed = isRangeRead = isEncodingRead = Ranged = TakesGzip = false;
        Player = PlayerFamily.Unknown;
        var reader = new SequenceReader<byte>(buffer);
        try
        {
            if (!Parser.ParseRequestLine(this, ref reader))
                return HeadKind.Incomplete;
            if (!Parser.ParseHeaders(this, ref reader))
                return plain && headers <= limits.MaxRequestHeaderCount ? HeadKind.Incomplete : HeadKind.Other;
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            return HeadKind.Other;
        }

        length = (int)reader.Consumed;
        if (!plain)
            return HeadKind.Other;
        return simple && named == 1 && headers <= limits.MaxRequestHeaderCount && length <= limits.MaxRequestLineSize && length <= limits.MaxRequestHeadersTotalSize
            ? HeadKind.Simple : HeadKind.Plain;
    }

    void IHttpRequestLineHandler.OnStartLine(HttpVersionAndMethod versionAndMethod, TargetOffsetPathLength targetPath, Span<byte> startLine)
    {
        var asked = startLine[targetPath.Offset..];
        // A target that Kestrel may refuse is Kestrel's, before its headers are there.
        plain = versionAndMethod is { Method: HttpMethod.Get or HttpMethod.Head or HttpMethod.Options, Version: Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpVersion.Http11 }
            && asked.Length > 0 && asked[0] == '/' && !asked.ContainsAnyExceptInRange((byte)'!', (byte)'~') && asked.IndexOf("%00"u8) < 0;
        simple = plain && versionAndMethod.Method == HttpMethod.Get && asked.Length <= target.Length;
        if (!simple)
            return;
        asked.CopyTo(target);
        targetLength = asked.Length;
    }

    void IHttpHeadersHandler.OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        headers++;
        // What Kestrel may refuse, or the ordinary path may read otherwise.
        if (name.ContainsAnyExcept(NameBytes) || value.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            simple = false;
        switch (name.Length)
        {
            case 4 when Is(name, "host"u8):
                named++;
                simple &= IsHost(value);
                break;
            case 5 when Is(name, "range"u8):
                // Two of them are read as one list.
                simple &= !isRangeRead;
                isRangeRead = true;
                Ranged = !value.IsEmpty;
                break;
            case 6 when Is(name, "expect"u8):
            case 7 when Is(name, "upgrade"u8):
            case 14 when Is(name, "content-length"u8) || Is(name, "http2-settings"u8):
            case 17 when Is(name, "transfer-encoding"u8):
                plain = false;
                break;
            case 10 when Is(name, "connection"u8):
                simple &= Is(value, "keep-alive"u8);
                break;
            case 10 when Is(name, "user-agent"u8):
                simple &= !isPlayerNamed;
                isPlayerNamed = true;
                Player = PlayerOf(value);
                break;
            // CMCD in headers, and what a page may not make a worker of.
            case 11 or 12 when Is(name[..5], "cmcd-"u8):
            case 14 when Is(name, "service-worker"u8) || (Is(name, "sec-fetch-dest"u8) && Is(value, "serviceworker"u8)):
                simple = false;
                break;
            case 15 when Is(name, "accept-encoding"u8):
                simple &= !isEncodingRead;
                isEncodingRead = true;
                TakesGzip = IsGzipIn(value);
                break;
            default:
                break;
        }
    }

    void IHttpHeadersHandler.OnHeadersComplete(bool endStream)
    {
    }

    void IHttpHeadersHandler.OnStaticIndexedHeader(int index) => plain = false;

    void IHttpHeadersHandler.OnStaticIndexedHeader(int index, ReadOnlySpan<byte> value) => plain = false;

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower) => Ascii.EqualsIgnoreCase(text, lower);

    /// <summary>A host that every check lets pass: letters, digits, points and hyphens, and a port; one of the names that are listed, where there is a list.</summary>
    private bool IsHost(ReadOnlySpan<byte> value)
    {
        var colon = value.IndexOf((byte)':');
        var port = colon < 0 ? default : value[(colon + 1)..];
        var host = colon < 0 ? value : value[..colon];
        return !host.IsEmpty && !host.ContainsAnyExcept(HostBytes) && IsAllowed(host) && (colon < 0 || (port.Length is > 0 and <= 5 && !port.ContainsAnyExceptInRange((byte)'0', (byte)'9')));
    }

    private bool IsAllowed(ReadOnlySpan<byte> host)
    {
        if (allowed is null)
            return true;
        foreach (var name in allowed)
        {
            if (Ascii.EqualsIgnoreCase(host, name))
                return true;
        }

        return false;
    }

    private bool IsGzipIn(ReadOnlySpan<byte> acceptEncoding)
    {
        ref var place = ref encodings[XxHash3.HashToUInt64(acceptEncoding) % (uint)encodings.Length];
        if (place.Text is null || !acceptEncoding.SequenceEqual(place.Text))
            place = (acceptEncoding.ToArray(), AcceptEncoding.TakesGzip(Encoding.ASCII.GetString(acceptEncoding)));
        return place.TakesGzip;
    }

    private PlayerFamily PlayerOf(ReadOnlySpan<byte> userAgent)
    {
        ref var place = ref players[XxHash3.HashToUInt64(userAgent) % (uint)players.Length];
        if (place.Text is null || !userAgent.SequenceEqual(place.Text))
            place = (userAgent.ToArray(), PlayerFamilies.Of(Encoding.ASCII.GetString(userAgent)));
        return place.Family;
    }
}
