using System.Diagnostics;
using System.Text.RegularExpressions;
using HlsGateway.Storage;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace HlsGateway.Tests.Storage;

/// <summary>
/// The inside of a process whose store stands still for ever at named calls, until somebody kills it. The program knows nothing of it:
/// the store is put in front of its own when the host is built, where WebApplicationFactory lets itself in too.
/// </summary>
internal sealed class HoldingStore(BlobStore store, IReadOnlyList<HeldCall> calls) : BlobStore(NoCdn.Addresses)
{
    private const string Variable = "HOLDING_STORE";

    /// <summary>This process has one.</summary>
    public static bool IsAsked => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>The environment of a process that reads its calls from <paramref name="list"/>.</summary>
    public static Dictionary<string, string> EnvironmentOf(string list) => new(StringComparer.Ordinal)
    {
        ["DOTNET_STARTUP_HOOKS"] = typeof(HoldingStore).Assembly.Location,
        [Variable] = list,
    };

    public static void Prepare()
    {
        var calls = HeldCall.Read(Environment.GetEnvironmentVariable(Variable)!);
        DiagnosticListener.AllListeners.Subscribe(new Watcher<DiagnosticListener>(source =>
        {
            if (source.Name != "Microsoft.Extensions.Hosting") return;
            source.Subscribe(new Watcher<KeyValuePair<string, object?>>(step =>
            {
                if (step is { Key: "HostBuilding", Value: IHostBuilder host }) host.ConfigureServices((_, services) => PutBefore(services, calls));
            }));
        }));
    }

    public override async Task PutAsync(string key, Stream content, string contentType, CancellationToken ct)
    {
        var call = calls.FirstOrDefault(call => call.Fits("PUT", key));
        if (call?.Moment == Moment.Before) await call.StandStillAsync();
        await store.PutAsync(key, call?.Moment == Moment.Within ? new StoppingStream(content, content.Length, call.StandStillAsync) : content, contentType, ct);
        if (call?.Moment == Moment.Done) await call.StandStillAsync();
    }

    public override async Task<Stream?> OpenAsync(string key, CancellationToken ct)
    {
        if (calls.FirstOrDefault(call => call.Fits("GET", key)) is { } call) await call.StandStillAsync();
        return await store.OpenAsync(key, ct);
    }

    public override async Task DeleteAsync(string key, CancellationToken ct)
    {
        if (calls.FirstOrDefault(call => call.Fits("DELETE", key)) is { } call) await call.StandStillAsync();
        await store.DeleteAsync(key, ct);
    }

    public override Task<bool> ExistsAsync(string key, CancellationToken ct) => store.ExistsAsync(key, ct);

    public override IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken ct) => store.ListAsync(prefix, ct);

    public override Task RemovePartialsAsync(TimeSpan age, CancellationToken ct) => store.RemovePartialsAsync(age, ct);

    protected override string OwnUrl(string key, HttpRequest request) => store.PublicUrl(key, request);
    protected override IResult Download(string key, string fileName) => throw new NotSupportedException();

    private static void PutBefore(IServiceCollection services, IReadOnlyList<HeldCall> calls)
    {
        var own = services.Single(service => service.ServiceType == typeof(BlobStore));
        services.Remove(own);
        services.AddSingleton<BlobStore>(provider => new HoldingStore((BlobStore)own.ImplementationFactory!(provider), calls));
    }

    private sealed class Watcher<T>(Action<T> told) : IObserver<T>
    {
        public void OnNext(T value) => told(value);

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}

/// <summary>When a call stands still: before the store has it, when half of its object has gone there, or when it is done and the caller does not know yet.</summary>
internal enum Moment
{
    Before,
    Within,
    Done,
}

/// <summary>The first call with this method and a key like this stands still and leaves a mark; a line of a list that both processes read.</summary>
internal sealed class HeldCall(string method, Regex key, Moment moment, string mark)
{
    private int fired;

    public Moment Moment => moment;

    public static List<HeldCall> Read(string list) =>
        [.. File.ReadLines(list).Select((line, index) => (line.Split('\t'), index)).Select(entry =>
            new HeldCall(entry.Item1[0], new Regex(entry.Item1[1], RegexOptions.NonBacktracking), Enum.Parse<Moment>(entry.Item1[2]), MarkOf(list, entry.index)))];

    /// <summary>Adds a line, and returns the file that is there once the call stands still.</summary>
    public static string Add(string list, string method, string key, Moment moment)
    {
        var index = File.Exists(list) ? File.ReadLines(list).Count() : 0;
        File.AppendAllLines(list, [$"{method}\t{key}\t{moment}"]);
        return MarkOf(list, index);
    }

    public bool Fits(string asked, string askedKey) => asked == method && key.IsMatch(askedKey) && Interlocked.Exchange(ref fired, 1) == 0;

    public Task StandStillAsync()
    {
        File.WriteAllText(mark, "");
        return Task.Delay(Timeout.Infinite);
    }

    private static string MarkOf(string list, int index) => $"{list}.at-{index}";
}

/// <summary>Half of a stream, and then a wait.</summary>
internal sealed class StoppingStream(Stream content, long length, Func<Task> stop) : Stream
{
    private readonly long half = length / 2;
    private long read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => read;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (read == half) await stop();
        var now = await content.ReadAsync(read < half ? buffer[..(int)Math.Min(buffer.Length, half - read)] : buffer, cancellationToken);
        read += now;
        return now;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}
