namespace HlsGateway.Counting;

/// <summary>Registers and maps the feature.</summary>
public static class CountingSetup
{
    public static void AddCounting(this WebApplicationBuilder builder)
    {
    }

}
