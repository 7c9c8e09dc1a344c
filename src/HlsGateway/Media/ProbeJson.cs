using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using FFMpegCore;

namespace HlsGateway.Media;

/// <summary>
/// Reads ffprobe's <c>-of json</c> into FFMpegCore's types. A value that is not of its type counts as missing: the values in a file
/// are a stranger's choice, and one odd tag must not hide the rest.
/// </summary>
internal static class ProbeJson
{
    private static readonly JsonSerializerOptions Lenient = new() { Converters = { new TextOrNothing(), new Number32OrZero(), new Number64OrZero(), new ValueOrNothing() } };

    /// <exception cref="JsonException">Not ffprobe's JSON.</exception>
    public static FFProbeAnalysis Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<FFProbeAnalysis>(json, Lenient) ?? throw new JsonException("ffprobe wrote null.");

    /// <summary>A member that FFMpegCore has no property for, as text; empty where it is missing.</summary>
    public static string Extra(this FFProbeStream stream, string name) =>
        stream.ExtensionData?.TryGetValue(name, out var value) == true && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";

    /// <summary>A container's or stream's tag; empty where it is missing.</summary>
    public static string Tag(this ITagsContainer tagged, string name) => tagged.Tags?.TryGetValue(name, out var value) == true ? value ?? "" : "";

    public static bool Is(this FFProbeStream stream, string disposition) => stream.Disposition?.TryGetValue(disposition, out var set) == true && set == 1;

    /// <summary>The packets that were read. Not as <see cref="FFProbePacket"/>, which makes a time that is missing 0.</summary>
    public static IEnumerable<JsonElement> Packets(this FFProbeAnalysis analysis) =>
        analysis.ExtensionData?.TryGetValue("packets", out var packets) == true && packets.ValueKind == JsonValueKind.Array
            ? packets.EnumerateArray().Where(packet => packet.ValueKind == JsonValueKind.Object) : [];

    /// <summary>A whole number of a packet, written as a number or as text.</summary>
    public static long? Whole(this JsonElement packet, string name) => !packet.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.Number => value.TryGetInt64(out var number) ? number : null,
        JsonValueKind.String => long.TryParse(value.GetString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null,
        _ => null,
    };

    private static long WholeOrZero(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number))
            return number;
        if (reader.TokenType == JsonTokenType.String && long.TryParse(reader.GetString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out number))
            return number;
        reader.Skip();
        return 0;
    }

    private sealed class TextOrNothing : JsonConverter<string?>
    {
        public override bool HandleNull => true;

        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String)
                return reader.GetString();
            reader.Skip();
            return null;
        }

        /// <summary>Names of tags and dispositions.</summary>
        public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString() ?? "";

        public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }

    private sealed class Number32OrZero : JsonConverter<int>
    {
        public override bool HandleNull => true;

        public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => (int)Math.Clamp(WholeOrZero(ref reader), int.MinValue, int.MaxValue);

        public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
    }

    private sealed class Number64OrZero : JsonConverter<long>
    {
        public override bool HandleNull => true;

        public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => WholeOrZero(ref reader);

        public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
    }

    /// <summary>Side data: flat in FFMpegCore's model, while some of ffprobe's kinds hold lists.</summary>
    private sealed class ValueOrNothing : JsonConverter<JsonValue?>
    {
        public override JsonValue? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonNode.Parse(ref reader) as JsonValue;

        public override void Write(Utf8JsonWriter writer, JsonValue? value, JsonSerializerOptions options) => value?.WriteTo(writer, options);
    }
}
