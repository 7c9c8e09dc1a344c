namespace HlsGateway.Transcoding;

/// <summary>Registers and maps the feature.</summary>
public static class TranscodingSetup
{
    public static void AddTranscoding(this WebApplicationBuilder builder)
    {
    }

    public static void MapTranscoding(this IEndpointRouteBuilder app)
    {
    }
}
