using System.ComponentModel.DataAnnotations;

namespace HlsGateway.Cdn;

/// <summary>The section <c>Gateway:Cdn</c>: where segments redirect to.</summary>
internal sealed class CdnOptions : IValidatableObject
{
    public const string Section = "Gateway:Cdn";

    /// <summary>Where segments of foreign origins redirect to: this and the path after <c>/watch/</c>. Empty: the origin's own address.</summary>
    public string BaseUrl { get; init; } = "";

    /// <summary>Several CDNs in place of <see cref="BaseUrl"/>: each session has one of them, and moves when it fails.</summary>
    public CdnBase[] Bases { get; init; } = [];

    /// <summary>A header of viewers' requests (such as a country) that <see cref="CdnBase.Viewers"/> is about. Empty: none is looked at.</summary>
    public string ViewerHeader { get; init; } = "";

    /// <summary>Name of a query parameter that carries the session's id to the CDN, so that its log can be compared with the ledger. Empty: none is added.</summary>
    public string SessionParameter { get; init; } = "";

    /// <summary>How often players ask for the steering manifest, where a base has a <see cref="CdnBase.Host"/>.</summary>
    public TimeSpan SteeringTtl { get; init; } = TimeSpan.FromMinutes(5);

    public CdnProbeOptions Probe { get; init; } = new();

    public CdnSigningOptions Signing { get; init; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var faults = new List<string>();
        if (BaseUrl.Length > 0 && !HttpAddress.IsBase(BaseUrl))
            faults.Add($"{Section}:BaseUrl is '{BaseUrl}'; it must be an absolute http or https URL without query, for instance https://cdn.example.com/.");
        if (BaseUrl.Length > 0 && Bases.Length > 0)
            faults.Add($"{Section}:BaseUrl is '{BaseUrl}', and {Section}:Bases is set too; write it as one of the bases, for instance {Section}:Bases:0:Url={BaseUrl}.");
        if (Bases.Length > Most)
            faults.Add($"{Section}:Bases has {Bases.Length} entries; at most {Most} are allowed.");
        for (var i = 0; i < Bases.Length; i++)
            faults.AddRange(Bases[i].Faults($"{Section}:Bases:{i}", ViewerHeader.Length > 0));
        foreach (var name in Bases.GroupBy(one => one.Name, StringComparer.OrdinalIgnoreCase).Where(same => same.Count() > 1))
            faults.Add($"{Section}:Bases: {name.Count()} bases are called '{name.Key}'; each needs a Name of its own, for instance east and west.");
        if (ViewerHeader.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_')))
            faults.Add($"{Section}:ViewerHeader is '{ViewerHeader}'; it must be a header's name, for instance CF-IPCountry.");
        if (SessionParameter.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_')))
            faults.Add($"{Section}:SessionParameter is '{SessionParameter}'; it must be a name of letters, digits, - and _, for instance sid.");
        foreach (var host in Bases.Where(one => one.Host.Length > 0).GroupBy(one => one.Host, StringComparer.OrdinalIgnoreCase).Where(same => same.Count() > 1))
            faults.Add($"{Section}:Bases: {host.Count()} bases have the Host '{host.Key}'; each needs one of its own, for instance east.video.example.com.");
        if (SteeringTtl < TimeSpan.FromSeconds(1) || SteeringTtl > TimeSpan.FromDays(1))
            faults.Add($"{Section}:SteeringTtl is {SteeringTtl}; it must lie between 00:00:01 and 1.00:00:00, for instance 00:05:00.");
        faults.AddRange(Probe.Faults($"{Section}:Probe"));
        faults.AddRange(Signing.Faults($"{Section}:Signing"));
        return faults.Select(text => new ValidationResult(text));
    }

    /// <summary>Bases that are up are the bits of one number.</summary>
    public const int Most = 32;
}

/// <summary>One CDN.</summary>
internal sealed class CdnBase
{
    /// <summary>Stands in metrics, health and the log, and decides which sessions it gets: a base with another name is another base.</summary>
    public string Name { get; init; } = "";

    /// <summary>Where paths of foreign origins are: this and the path after <c>/watch/</c>. Empty: not here.</summary>
    public string Url { get; init; } = "";

    /// <summary>Where our own objects are: this and the object's key. Empty: not here.</summary>
    public string StoreUrl { get; init; } = "";

    /// <summary>Its share of sessions, beside the weights of the others. 0: only where every other is down.</summary>
    public int Weight { get; init; } = 100;

    /// <summary>Values of <see cref="CdnOptions.ViewerHeader"/> whose viewers it is for. Empty: everybody whose value no base names.</summary>
    public string[] Viewers { get; init; } = [];

    /// <summary>
    /// A further name of the gateways, in DNS and in their certificate: who asks for a segment under it is sent to this base. Players are
    /// told of it by content steering. Empty: none.
    /// </summary>
    public string Host { get; init; } = "";

    /// <summary>How its URLs are signed; left out, as <see cref="CdnOptions.Signing"/> says.</summary>
    public CdnSigningOptions? Signing { get; init; }

    public IEnumerable<string> Faults(string key, bool hasHeader)
    {
        if (Name.Length is 0 or > 40 || Name.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_')))
            yield return $"{key}:Name is '{Name}'; it must be a name of up to 40 letters, digits, - and _, for instance east.";
        if (Url.Length == 0 && StoreUrl.Length == 0)
            yield return $"{key}:Url is ''; a base needs Url, StoreUrl or both, for instance {key}:Url=https://cdn.example.com/.";
        if (Url.Length > 0 && !HttpAddress.IsBase(Url))
            yield return $"{key}:Url is '{Url}'; it must be an absolute http or https URL without query, for instance https://cdn.example.com/.";
        if (StoreUrl.Length > 0 && !HttpAddress.IsBase(StoreUrl))
            yield return $"{key}:StoreUrl is '{StoreUrl}'; it must be an absolute http or https URL without query, for instance https://cdn.example.com/store/.";
        if (Weight is < 0 or > 10_000)
            yield return $"{key}:Weight is {Weight}; it must be 0 to 10000, for instance 100.";
        if (Host.Length > 0 && (Uri.CheckHostName(Host) != UriHostNameType.Dns || Url.Length == 0))
            yield return $"{key}:Host is '{Host}'; it must be a host's name without a port, of a base that has a Url, for instance east.video.example.com.";
        if (Viewers.Length > 0 && !hasHeader)
            yield return $"{key}:Viewers is set, but {CdnOptions.Section}:ViewerHeader names no header; set it too, for instance {CdnOptions.Section}:ViewerHeader=CF-IPCountry.";
        foreach (var fault in Signing?.Faults($"{key}:Signing") ?? [])
            yield return fault;
    }
}

/// <summary>The section <c>Gateway:Cdn:Probe</c>: how a base that fails is noticed.</summary>
internal sealed class CdnProbeOptions
{
    /// <summary>A small file below each base that is asked for. Empty: no base is probed, and all count as up.</summary>
    public string Path { get; init; } = "";

    /// <summary>Between two questions to one base.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Bound of one question.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>So many failures one after the other take a base out.</summary>
    public int Failures { get; init; } = 3;

    /// <summary>So many answers one after the other take it back.</summary>
    public int Successes { get; init; } = 3;

    public IEnumerable<string> Faults(string key)
    {
        if (Path.StartsWith('/') || Path.Contains("://", StringComparison.Ordinal) || Path.Any(letter => letter is <= ' ' or > '~' or '#'))
            yield return $"{key}:Path is '{Path}'; it must be a path below each base without a leading slash, for instance health.txt.";
        if (Interval < TimeSpan.FromMilliseconds(10) || Interval > TimeSpan.FromHours(1))
            yield return $"{key}:Interval is {Interval}; it must lie between 00:00:00.010 and 01:00:00, for instance 00:00:05.";
        if (Timeout < TimeSpan.FromMilliseconds(10) || Timeout > TimeSpan.FromMinutes(1))
            yield return $"{key}:Timeout is {Timeout}; it must lie between 00:00:00.010 and 00:01:00, for instance 00:00:02.";
        if (Failures is < 1 or > 100)
            yield return $"{key}:Failures is {Failures}; it must be 1 to 100, for instance 3.";
        if (Successes is < 1 or > 100)
            yield return $"{key}:Successes is {Successes}; it must be 1 to 100, for instance 3.";
    }
}
