using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace HlsGateway.CommandLine;

/// <summary>The HTTP API of a running gateway, as the verbs call it.</summary>
internal sealed class ApiClient : IDisposable
{
    private readonly HttpClient http;
    private readonly string role;

    /// <param name="address">Ends with a slash.</param>
    /// <param name="role">What the token must be allowed, in words.</param>
    public ApiClient(Uri address, string token, string role)
    {
        this.role = role;
        http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            // Without waiting for "100 Continue", a refusal is lost when the server closes the connection. A proxy that never sends it delays an upload by this time.
            Expect100ContinueTimeout = TimeSpan.FromSeconds(5),
        })
        {
            BaseAddress = address,
            // An upload has no time limit; Ctrl+C ends it.
            Timeout = Timeout.InfiniteTimeSpan,
        };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <exception cref="UnreachableTargetException">There is no gateway, or it does not take the token.</exception>
    public async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, CancellationToken ct)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        }
        catch (HttpRequestException e)
        {
            throw new UnreachableTargetException($"The gateway at {http.BaseAddress} cannot be reached ({e.Message}). Start it, or say where it is: --url or HLSGATEWAY_URL.");
        }

        if (answer.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
            return answer;
        using (answer)
            throw new UnreachableTargetException($"The gateway does not take the token ({(int)answer.StatusCode}). It needs the role {role}: --token or HLSGATEWAY_TOKEN. {await ReasonAsync(answer, ct)}");
    }

    /// <summary>Title and detail of a problem (RFC 9457).</summary>
    public static async Task<string> ReasonAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        try
        {
            using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(ct));
            return $"{problem.RootElement.GetProperty("title").GetString()}. {problem.RootElement.GetProperty("detail").GetString()}";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return $"The gateway answered {(int)answer.StatusCode}.";
        }
    }

    public void Dispose() => http.Dispose();
}
