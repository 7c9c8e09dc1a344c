using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Tokens;

namespace HlsGateway.CommandLine;

/// <summary><c>/api/tokens</c> of a running gateway.</summary>
internal sealed class RemoteTokens(Uri address, string token) : TokenTarget
{
    private readonly ApiClient api = new(address, token, "admin");

    public override async Task<IReadOnlyList<TokenView>> ListAsync(CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/tokens");
        return (await AskAsync<TokenList>(request, ct)).Tokens;
    }

    public override async Task<MadeToken> CreateAsync(NewToken wish, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/tokens") { Content = JsonContent.Create(wish, options: TargetOptions.Json) };
        return await AskAsync<MadeToken>(request, ct);
    }

    public override async Task RevokeAsync(string id, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"api/tokens/{Uri.EscapeDataString(id)}");
        using var answer = await api.AskAsync(request, ct);
        if (!answer.IsSuccessStatusCode)
            throw new RefusedException(await ApiClient.ReasonAsync(answer, ct));
    }

    public override ValueTask DisposeAsync()
    {
        api.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<T> AskAsync<T>(HttpRequestMessage request, CancellationToken ct)
    {
        using var answer = await api.AskAsync(request, ct);
        if (!answer.IsSuccessStatusCode)
            throw new RefusedException(await ApiClient.ReasonAsync(answer, ct));
        try
        {
            return JsonSerializer.Deserialize<T>(await answer.Content.ReadAsStringAsync(ct), TargetOptions.Json) ?? throw new JsonException();
        }
        catch (JsonException)
        {
            throw new UnreachableTargetException($"The server at {address} is not a gateway of this version. Give the address: --url or HLSGATEWAY_URL.");
        }
    }
}
