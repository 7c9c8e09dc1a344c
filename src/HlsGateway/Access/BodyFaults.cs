using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;

namespace HlsGateway.Access;

/// <summary>Says what is wrong in a JSON body: a key that the call does not take, one that is given twice, or a value that is none.</summary>
internal static class BodyFaults
{
    /// <param name="endpoint">The call that was to take it.</param>
    public static ProblemHttpResult Of(JsonException fault, Endpoint? endpoint, JsonSerializerOptions json)
    {
        var path = fault.Path is { Length: > 200 } longer ? longer[..200] : fault.Path ?? "$";
        if (fault is BadTimeException)
            return Problems.Of(Problem.BadTime, $"{path} {fault.Message}.");
        if (endpoint?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is { } body && KeyAt(fault.Path ?? "", body, json) is { } key)
        {
            var known = key.Known.Order(StringComparer.Ordinal).ToArray();
            if (!key.IsKnown)
            {
                return Problems.Of(Problem.UnknownKey,
                    $"{QueryParameters.Unknown(key.Name, known)} The body takes {string.Join(", ", known)}.");
            }
            // Only the message tells a second one from a value of another type.
            if (fault.Message.StartsWith("Duplicate property", StringComparison.Ordinal))
                return Problems.Of(Problem.RepeatedKey, $"'{key.Name}' is given twice. Give it once.");
        }
        return Problems.Of(Problem.BadRequest, $"The body is not the JSON that this call takes (at {path}).");
    }

    private sealed record Key(string Name, bool IsKnown, IEnumerable<string> Known);

    /// <summary>The last key of a path such as <c>$.lines[0].from</c>, and what there could be in its place; null where the path ends elsewhere.</summary>
    private static Key? KeyAt(string path, Type body, JsonSerializerOptions json)
    {
        var (type, rest) = (body, path[Math.Min(1, path.Length)..]);
        Key? key = null;
        while (rest.Length > 0)
        {
            var info = json.GetTypeInfo(type);
            if (rest[0] == '[' && rest.Length > 1 && rest[1] != '\'')
            {
                if (info.ElementType is not { } element || rest.IndexOf(']', StringComparison.Ordinal) is not (> 0 and var close))
                    return null;
                (type, rest, key) = (element, rest[(close + 1)..], null);
                continue;
            }
            string name;
            if (rest.StartsWith("['", StringComparison.Ordinal))
            {
                // A name with a quote in it cannot be told from its end; it is none of ours, and so the last one.
                var end = rest.IndexOf("']", StringComparison.Ordinal) is > 0 and var quote ? quote : rest.Length;
                (name, rest) = (rest[2..end], rest[Math.Min(rest.Length, end + 2)..]);
            }
            else
            {
                rest = rest[1..];
                var end = rest.AsSpan().IndexOfAny('.', '[') is >= 0 and var next ? next : rest.Length;
                (name, rest) = (rest[..end], rest[end..]);
            }
            if (info.Kind != JsonTypeInfoKind.Object)
                return null;
            var known = info.Properties.Select(property => property.Name);
            if (info.Properties.FirstOrDefault(property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { } property)
                return new Key(name, false, known);
            (type, key) = (property.PropertyType, new Key(name, true, known));
            if (Nullable.GetUnderlyingType(type) is { } plain)
                type = plain;
        }
        return key;
    }
}
