using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Telemetry;

/// <summary>What an operator watches with (rules, dashboard, table, runbooks) follows the figures that there are.</summary>
public sealed partial class WatchingTests
{
    private static readonly string Rules = Read("deploy", "prometheus", "rules.yml");

    private static string[] Alerts => [.. Alert().Matches(Rules).Select(match => match.Groups["name"].Value)];

    [Fact]
    public void Each_figure_is_in_the_operators_table_under_both_its_names_and_in_its_own_words()
    {
        var rows = Read("docs", "operations.md").Split('\n').Where(line => line.StartsWith("| `hlsgateway.", StringComparison.Ordinal)).Select(line => line.Trim('|', ' ').Split(" | ")).ToDictionary(cells => cells[0].Trim('`'), StringComparer.Ordinal);
        Assert.Equal(GatewayFigures.All.Select(figure => figure.Name).Order(StringComparer.Ordinal), rows.Keys.Order(StringComparer.Ordinal));
        Assert.All(GatewayFigures.All, figure =>
        {
            Assert.Equal($"`{GatewayFigures.PrometheusName(figure)}`", rows[figure.Name][1]);
            Assert.Equal(figure.Description, rows[figure.Name][3]);
        });
    }

    [Fact]
    public async Task Rules_and_dashboard_ask_for_figures_that_there_are_by_labels_that_there_are()
    {
        await using var host = await GatewayHost.StartAsync();
        using var analyst = host.Api("analyst");
        // The runtime tells the heap's size after a collection.
        GC.Collect();
        var page = new PrometheusText(await analyst.GetStringAsync(new Uri("/metrics", UriKind.Relative)));
        var known = GatewayFigures.All.SelectMany(GatewayFigures.Samples).Concat(page.Samples.Select(sample => sample.Name)).Append("up")
            .Concat(Recorded().Matches(Rules).Select(match => match.Groups["name"].Value)).ToHashSet(StringComparer.Ordinal);
        using var dashboard = JsonDocument.Parse(Read("deploy", "grafana", "hlsgateway.json"));
        var questions = Expression().Matches(Rules).Select(match => match.Groups["text"].Value.Replace("''", "'", StringComparison.Ordinal))
            .Concat(dashboard.RootElement.GetProperty("panels").EnumerateArray().Where(panel => panel.TryGetProperty("targets", out _)).SelectMany(panel => panel.GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("expr").GetString()!))).ToArray();
        Assert.True(questions.Length > 50);
        string[] labels = ["job", "instance", "le", "outcome", "reason", "base"];
        Assert.All(questions, question =>
        {
            var bare = Quoted().Replace(question, "");
            Assert.All(Figure().Matches(bare).Select(match => match.Value), name => Assert.Contains(name, known));
            Assert.All(Labels().Matches(bare).SelectMany(match => match.Groups["names"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)),
                label => Assert.Contains(label.TrimEnd('=', '~', '!'), labels));
        });
        // What is counted and nobody sees might as well not be counted.
        Assert.Empty(GatewayFigures.All.Where(figure => !questions.Any(question => question.Contains(GatewayFigures.PrometheusName(figure), StringComparison.Ordinal))).Select(figure => figure.Name));
    }

    [Theory]
    [InlineData("check", "rules", "rules.yml")]
    [InlineData("test", "rules", "rules.test.yml")]
    public async Task Prometheus_own_tool_takes_the_rules_and_their_tests_pass(params string[] arguments)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", arguments)
        {
            WorkingDirectory = Path.Combine(Repository.Root, "deploy", "prometheus"),
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var said = await Task.WhenAll(promtool.StandardOutput.ReadToEndAsync(), promtool.StandardError.ReadToEndAsync());
        await promtool.WaitForExitAsync();
        Assert.True(promtool.ExitCode == 0, string.Concat(said));
        Assert.Contains("SUCCESS", said[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Each_alert_has_a_test_in_which_it_fires_and_a_section_of_the_runbooks()
    {
        var alerts = Alerts;
        Assert.True(alerts.Length > 15);
        Assert.Equal(alerts.Select(name => name.ToLowerInvariant()), Runbook().Matches(Rules).Select(match => match.Groups["anchor"].Value));
        Assert.Equal(alerts, Section().Matches(Read("docs", "runbooks.md")).Select(match => match.Groups["name"].Value));
        var fired = Fired().Matches(Read("deploy", "prometheus", "rules.test.yml")).Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(alerts.Order(StringComparer.Ordinal), fired.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_runbooks_links_lead_to_sections_that_there_are()
    {
        var pages = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        Assert.All(Link().Matches(Read("docs", "runbooks.md")), match =>
        {
            var page = match.Groups["page"].Value is { Length: > 0 } named ? named : "runbooks.md";
            if (!pages.TryGetValue(page, out var anchors))
                pages[page] = anchors = [.. File.ReadLines(Path.Combine(Repository.Root, "docs", page)).Where(line => line.StartsWith('#')).Select(line => Mark().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'))];
            Assert.Contains(match.Groups["anchor"].Value, anchors);
        });
        Assert.True(pages.Count >= 2);
    }

    private static string Read(params string[] path) => File.ReadAllText(Path.Combine([Repository.Root, .. path]));

    [GeneratedRegex(@"^ +- alert: (?<name>\w+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Alert();

    [GeneratedRegex(@"^ +- record: (?<name>[\w:]+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Recorded();

    [GeneratedRegex(@"^ +expr: '(?<text>.*)'$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Expression();

    [GeneratedRegex("\"[^\"]*\"", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\b(up\b|(hlsgateway|dotnet|kestrel|job|job_instance)[_:]\w[\w:]*)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Figure();

    [GeneratedRegex(@"(by \(|\{)(?<names>[^)}]*)[)}]", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Labels();

    [GeneratedRegex(@"^ +runbook_url: docs/runbooks\.md#(?<anchor>\w+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Runbook();

    [GeneratedRegex(@"^## (?<name>\w+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Section();

    [GeneratedRegex(@"- alertname: (?<name>\w+)\n +eval_time: \w+\n +exp_alerts:\n +- exp_labels", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Fired();

    [GeneratedRegex(@"\]\((?<page>[\w.-]*\.md)?#(?<anchor>[\w-]+)\)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\w\s-]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Mark();
}
