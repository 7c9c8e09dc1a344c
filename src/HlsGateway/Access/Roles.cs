namespace HlsGateway.Access;

/// <summary>Authorization policies of the API; each lets the admin role pass too.</summary>
internal static class Roles
{
    public const string Analyst = "analyst";
    public const string Editor = "editor";
    public const string Uploader = "uploader";
    public const string Admin = "admin";

    /// <summary>No role of its own: the policy of endpoints that every token may read (lists, limits).</summary>
    public const string Any = "any";

    /// <summary>The policy of what both roles may read.</summary>
    public const string AnalystOrEditor = "analyst or editor";

    /// <summary>The policy of whole files.</summary>
    public const string UploaderOrEditor = "uploader or editor";

    internal static readonly string[] All = [Analyst, Editor, Uploader, Admin];
}
