using System.Buffers;

namespace HlsGateway.Playback.Lane;

/// <summary>
/// A request target without what differs from viewer to viewer: its session token, and the CMCD that a player appends. Both paths take it apart
/// here, so that what one has kept is what the other finds.
/// </summary>
internal ref struct LaneTarget
{
    /// <summary>Longer ones go the ordinary way.</summary>
    public const int Longest = 4096;

    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"u8);

    /// <summary>The target's bytes in front of the token and behind it.</summary>
    public ReadOnlySpan<byte> Key;

    /// <summary>The 40 characters.</summary>
    public ReadOnlySpan<byte> Token;

    /// <summary>What stands after <c>CMCD=</c>; empty where there is none.</summary>
    public ReadOnlySpan<byte> Cmcd;

    /// <param name="target">In origin form, visible ASCII.</param>
    /// <param name="room">At least as long as the target.</param>
    /// <returns>False for a target that is not of the one shape that is looked at: <c>…[?|&amp;]session_id=&lt;40&gt;[&amp;…][&amp;CMCD=…]</c>.</returns>
    public static bool TryRead(ReadOnlySpan<byte> target, Span<byte> room, out LaneTarget read)
    {
        read = default;
        var name = "session_id="u8;
        if (target.Length > Longest || target.LastIndexOf(name) is var at && at <= 0)
            return false;
        var question = target.IndexOf((byte)'?');
        var from = at + name.Length;
        // Where our parameters begin is decided by PlayerQuery in the same way: at the last one that begins the query or follows '&'.
        if (question < 0 || at <= question || (target[at - 1] != '&' && at != question + 1) || target.Length < from + SessionToken.Length)
            return false;
        var front = target[..from];
        var token = target.Slice(from, SessionToken.Length);
        var tail = target[(from + SessionToken.Length)..];
        if (token.ContainsAnyExcept(TokenBytes) || (!tail.IsEmpty && tail[0] != '&') || front.IndexOf("CMCD="u8) >= 0)
            return false;
        if (tail.IndexOf("CMCD="u8) is var told and >= 0)
        {
            // The last pair, so that what is cut off is exactly it.
            if (tail[told - 1] != '&' || tail[told..].Contains((byte)'&'))
                return false;
            read.Cmcd = tail[(told + "CMCD=".Length)..];
            tail = tail[..(told - 1)];
        }

        front.CopyTo(room);
        tail.CopyTo(room[from..]);
        read.Key = room[..(from + tail.Length)];
        read.Token = token;
        return true;
    }
}
