using System.Globalization;

namespace HlsGateway.Cdn.Logs;

/// <summary>What a line of a CDN's log says of one request. The client's address is not read.</summary>
/// <param name="AtMs">Unix milliseconds.</param>
/// <param name="Query">Without the question mark.</param>
internal readonly record struct LogLine(long AtMs, string Method, string Path, string Query, int Status, long Bytes)
{
    /// <summary>From a request target: a path, or an absolute URL.</summary>
    public static LogLine? Of(long atMs, string method, string target, int status, long bytes)
    {
        if (target.IndexOf("://", StringComparison.Ordinal) is > 0 and var scheme)
            target = target.IndexOf('/', scheme + 3) is > 0 and var slash ? target[slash..] : "/";
        if (target.Length == 0 || target[0] != '/')
            return null;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        return question < 0 ? new(atMs, method, target, "", status, bytes) : new(atMs, method, target[..question], target[(question + 1)..], status, bytes);
    }

    /// <summary>A parameter's value; null where it is not there.</summary>
    public string? Parameter(string name)
    {
        foreach (var range in Query.AsSpan().Split('&'))
        {
            var pair = Query.AsSpan()[range];
            if (pair.Length > name.Length && pair[name.Length] == '=' && pair.StartsWith(name, StringComparison.Ordinal))
                return pair[(name.Length + 1)..].ToString();
        }

        return null;
    }

    public static bool TryNumber(ReadOnlySpan<char> text, out long number)
    {
        // A dash stands for nothing.
        number = 0;
        return text is "-" || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
