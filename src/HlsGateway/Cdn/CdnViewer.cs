namespace HlsGateway.Cdn;

/// <summary>Of who asks, what a URL on a CDN may depend on. The default is somebody without a session.</summary>
/// <param name="Session">The session's id; empty where there is none.</param>
/// <param name="EndsMs">When it ends, in Unix milliseconds.</param>
/// <param name="IsPreview">It is in no figure.</param>
/// <param name="Counts">What is asked for is a segment that counts as watching.</param>
/// <param name="Group">The value of <see cref="CdnOptions.ViewerHeader"/>, where one is configured.</param>
/// <param name="Host">The name that we were asked by, where bases have some.</param>
internal readonly record struct CdnViewer(Guid Session, long EndsMs, bool IsPreview, bool Counts, string? Group, string? Host = null);
