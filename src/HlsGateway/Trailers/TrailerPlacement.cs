namespace HlsGateway.Trailers;

/// <summary>Where a session's trailer stands, and whether it is spliced in or announced for the player to fetch. Three bits of a token.</summary>
internal enum TrailerPlacement : byte
{
    Behind,
    Before,
    InterstitialBehind,
    InterstitialBefore,

    /// <summary>Behind, with timestamps that continue the content's.</summary>
    BehindContinuing,
}

internal static class TrailerPlacements
{
    public static bool IsBefore(this TrailerPlacement placement) => placement is TrailerPlacement.Before or TrailerPlacement.InterstitialBefore;

    public static bool IsInterstitial(this TrailerPlacement placement) => placement is TrailerPlacement.InterstitialBehind or TrailerPlacement.InterstitialBefore;

    public static TrailerPlacement Of(TrailerPosition position, bool interstitial) => (position, interstitial) switch
    {
        (TrailerPosition.Post, false) => TrailerPlacement.Behind,
        (TrailerPosition.Pre, false) => TrailerPlacement.Before,
        (TrailerPosition.Post, true) => TrailerPlacement.InterstitialBehind,
        _ => TrailerPlacement.InterstitialBefore,
    };
}
