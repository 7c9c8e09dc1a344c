using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HlsGateway.Tests.Hosting;

/// <summary>The log lines of one host as its own levels let them through; for <see cref="GatewayHost.StartAsync"/>'s <c>configure</c>.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<(LogLevel Level, int Id, string Text)> lines = new();

    public void AddTo(IServiceCollection services) => services.AddLogging(logging => logging.AddProvider(this));

    /// <summary>Warnings and worse, with their event ids.</summary>
    public IReadOnlyList<(LogLevel Level, int Id, string Text)> Troubles => [.. lines.Where(line => line.Level >= LogLevel.Warning)];

    public IReadOnlyList<(LogLevel Level, int Id, string Text)> Lines => [.. lines];

    public int Count(int id) => lines.Count(line => line.Id == id);

    public ILogger CreateLogger(string categoryName) => new Category(categoryName, lines);

    public void Dispose()
    {
        // Nothing is held but text.
    }

    private sealed class Category(string name, ConcurrentQueue<(LogLevel Level, int Id, string Text)> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue((logLevel, eventId.Id, $"{name}: {formatter(state, exception)} {exception}"));
    }
}
