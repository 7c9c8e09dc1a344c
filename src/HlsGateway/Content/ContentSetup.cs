namespace HlsGateway.Content;

/// <summary>Registers and maps the feature.</summary>
public static class ContentSetup
{
    public static void AddContent(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ContentFacts>();
    }

}
