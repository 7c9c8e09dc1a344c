namespace HlsGateway.Access;

/// <summary>Registers and maps the feature.</summary>
public static class AccessSetup
{
    public static void AddAccess(this WebApplicationBuilder builder)
    {
    }

    public static void UseAccess(this WebApplication app)
    {
    }
}
