using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace HlsGateway.Cdn;

/// <summary>
/// Amazon CloudFront's signed URLs: RSA over a policy, which is the canned one for a file and a custom one for a folder. A signature
/// costs as much CPU as some fifteen redirects, so those of folders are kept: one for each folder and end.
/// </summary>
internal sealed class CloudFrontSigner(string pem, string keyId, CdnScope scope) : UrlSigner
{
    private const int Kept = 4096;

    private readonly ConcurrentDictionary<(string Folder, long Until), string> kept = new();
    // An RSA object is not for several threads at once.
    private readonly ConcurrentBag<RSA> keys = [];

    public override string Sign(in CdnUrl url, long until)
    {
        // Stars are wildcards in a policy: a viewer who asks for a name with one would get a signature for others.
        var plain = url with { Path = url.Path.Replace("*", "%2A", StringComparison.Ordinal), Query = url.Query.Replace("*", "%2A", StringComparison.Ordinal) };
        if (scope == CdnScope.File)
            return plain.With($"Expires={until}&Key-Pair-Id={keyId}&Signature={Signature(Policy(plain.Whole, until))}").Whole;

        var folder = (plain.Site + plain.Folder, until);
        if (!kept.TryGetValue(folder, out var parameters))
        {
            var policy = Policy($"{folder.Item1}*", until);
            parameters = $"Policy={Encoded(Encoding.ASCII.GetBytes(policy))}&Key-Pair-Id={keyId}&Signature={Signature(policy)}";
            // Ends move on with the clock: what was kept for those that have passed goes with them.
            if (kept.Count >= Kept)
                kept.Clear();
            kept[folder] = parameters;
        }

        return plain.With(parameters).Whole;
    }

    private static string Policy(string resource, long until) =>
        $"{{\"Statement\":[{{\"Resource\":\"{resource}\",\"Condition\":{{\"DateLessThan\":{{\"AWS:EpochTime\":{until}}}}}}}]}}";

    private string Signature(string policy)
    {
        if (!keys.TryTake(out var key))
        {
            key = RSA.Create();
            key.ImportFromPem(pem);
        }

        try
        {
#pragma warning disable CA5350 // CloudFront verifies SHA-1; what is signed is not chosen by a viewer but for one escaped name.
            return Encoded(key.SignData(Encoding.ASCII.GetBytes(policy), HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1));
#pragma warning restore CA5350
        }
        finally
        {
            keys.Add(key);
        }
    }

    /// <summary>Base64 with the three characters that a query does not take replaced, as CloudFront reads it.</summary>
    private static string Encoded(byte[] bytes) => Convert.ToBase64String(bytes).Replace('+', '-').Replace('=', '_').Replace('/', '~');
}
