using System.Text.Json;
using System.Text.Json.Serialization;

namespace HlsGateway.Access;

/// <summary>A time in a body that cannot be used. The message is for the client.</summary>
internal sealed class BadTimeException(string why) : JsonException(why);

/// <summary>One format of times over the whole API: see <see cref="Rfc3339"/>.</summary>
internal sealed class JsonTimes : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new BadTimeException($"is not a text; write {Rfc3339.Ways}");
        return Rfc3339.TryRead(reader.GetString() ?? "", out var time, out var why) ? time : throw new BadTimeException(why ?? "");
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(Rfc3339.Text(value));
}

/// <summary>As <see cref="JsonTimes"/>, for times that are known to be UTC.</summary>
internal sealed class JsonUtcTimes : JsonConverter<DateTime>
{
    public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new BadTimeException($"is not a text; write {Rfc3339.Ways}");
        return Rfc3339.TryRead(reader.GetString() ?? "", out var time, out var why) ? time.UtcDateTime : throw new BadTimeException(why ?? "");
    }

    public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Rfc3339.Text(new DateTimeOffset(DateTime.SpecifyKind(value, DateTimeKind.Utc))));
}
