namespace HlsGateway.Access;

/// <summary>Authorization policies of the API; each lets the admin role pass too.</summary>
public static class Roles
{
    public const string Analyst = "analyst";
    public const string Editor = "editor";
    public const string Uploader = "uploader";
    public const string Admin = "admin";
}
