namespace HlsGateway.Content;

/// <summary>Registers the feature.</summary>
internal static class ContentSetup
{
    public static void AddContent(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton<ContentProbe>().AddSingleton<ContentFactsStore>().AddSingleton<ContentFacts>().AddSingleton<EntryNames>().AddHostedService<EntryNamesSync>();
}
