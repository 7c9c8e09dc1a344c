using System.Net.Sockets;
using System.Security.Authentication;

namespace HlsGateway.Playback;

/// <summary>Why an origin gave nothing.</summary>
/// <param name="Words">For everybody: fixed words, the end of a sentence.</param>
/// <param name="Detail">For the operator's log and health: what the system said, which may name hosts.</param>
internal readonly record struct OriginReason(string Words, string Detail)
{
    public static OriginReason Of(Exception fault)
    {
        var words = fault switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its name cannot be resolved (DNS)",
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "no secure connection could be made (TLS)",
            _ when Find<SocketException>(fault) is { } socket => socket.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => "it refuses the connection",
                SocketError.HostUnreachable or SocketError.NetworkUnreachable => "there is no route to it",
                SocketError.TimedOut => "it does not answer the connection",
                SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData => "its name cannot be resolved (DNS)",
                _ => "the connection broke off",
            },
            _ when Find<AuthenticationException>(fault) is not null => "no secure connection could be made (TLS)",
            OperationCanceledException or TimeoutException => "it did not answer in time",
            InvalidDataException => "its answer is damaged",
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => "its answer is no HTTP",
            _ => "the connection broke off",
        };
        // The innermost message says most: "Connection refused", "The remote certificate is invalid because of errors …".
        var inner = fault;
        while (inner.InnerException is { } next) inner = next;
        return new(words, $"{words}: {(inner == fault || fault.Message.Contains(inner.Message, StringComparison.Ordinal) ? fault.Message : $"{fault.Message} {inner.Message}")}");
    }

    public static OriginReason OfStatus(int status) => new($"it answers {status}", $"it answers {status}");

    public static OriginReason OfTimeout(TimeSpan waited) => new("it did not answer in time", FormattableString.Invariant($"no whole answer within {waited.TotalSeconds:0.#} s"));

    private static T? Find<T>(Exception fault) where T : Exception
    {
        for (var at = fault; at is not null; at = at.InnerException!)
        {
            if (at is T found) return found;
        }

        return null;
    }
}
