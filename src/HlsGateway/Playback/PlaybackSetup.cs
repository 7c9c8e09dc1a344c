namespace HlsGateway.Playback;

/// <summary>Registers and maps the feature.</summary>
public static class PlaybackSetup
{
    public static void AddPlayback(this WebApplicationBuilder builder)
    {
    }

    public static void MapPlayback(this IEndpointRouteBuilder app)
    {
    }
}
