using System.Reflection;
using System.Text.RegularExpressions;
using HlsGateway.Telemetry;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.Logging;

namespace HlsGateway.Tests.Architecture;

/// <summary>Operators find log events, and alarms name them, by their ids.</summary>
public sealed partial class LogEventTests
{
    [Fact]
    public void Each_log_event_has_an_id_of_its_own()
    {
        var ids = typeof(Log).GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId).OfType<int>().ToArray();
        Assert.True(ids.Length > 50);
        Assert.Empty(ids.GroupBy(id => id).Where(same => same.Count() > 1).Select(same => same.Key));
    }

    [Fact]
    public void Log_events_stand_in_the_order_of_their_ids()
    {
        var files = Directory.GetFiles(Path.Combine(Repository.Root, "src", "HlsGateway", "Telemetry"), "Log.*cs");
        Assert.NotEmpty(files);
        Assert.All(files, file =>
        {
            var ids = EventId().Matches(File.ReadAllText(file)).Select(match => match.Groups["id"].Value).ToArray();
            Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        });
    }

    [GeneratedRegex(@"\[LoggerMessage\((?<id>\d{4}),", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex EventId();
}
