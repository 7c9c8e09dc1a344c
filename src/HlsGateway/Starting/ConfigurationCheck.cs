using System.Globalization;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;

namespace HlsGateway.Starting;

/// <summary>
/// Finds everything in the configuration that would be silently ignored or read in another way than it was meant: names that no option
/// has, values of the wrong kind, and values that the options' own rules refuse. All of it at once, each in one line.
/// </summary>
internal static class ConfigurationCheck
{
    /// <summary>The host's and the framework's own: what is below them is theirs.</summary>
    private static readonly string[] Foreign =
    [
        "Logging", "Kestrel", "AllowedHosts", "urls", "http_ports", "https_ports", "environment", "contentRoot", "webRoot", "applicationName", "detailedErrors",
        "hostingStartupAssemblies", "hostingStartupExcludeAssemblies", "preventHostingStartup", "shutdownTimeoutSeconds", "suppressStatusMessages",
        "captureStartupErrors", "preferHostingUrls", "forwardedHeaders_Enabled", "startupAssembly", "staticWebAssets", "hostBuilder",
        "ReloadStaticAssetsAtRuntime", "DOTNET_RUNNING_IN_CONTAINER", "$schema",
    ];

    private static readonly string[] ForeignPrefixes = ["OTEL_", "ASPNETCORE_", "DOTNET_"];

    /// <param name="sections">All that are registered: each name below them is theirs or wrong.</param>
    public static IReadOnlyList<StartFault> Run(IConfigurationRoot configuration, IEnumerable<OptionsSection> sections)
    {
        var all = sections.ToList();
        var root = OptionNames.Of(all);
        var walk = new Walk(configuration, root);
        // The host's copy of the environment and the command line comes last: a fault names where it was written.
        foreach (var provider in configuration.Providers.OrderBy(provider => Walk.Source(provider).Length == 0))
            walk.Top(provider);

        // A section with a value that cannot be read would stop at it: what is left says whether the rest is right.
        var readable = walk.Wrong.Count == 0 ? configuration : new ConfigurationBuilder()
            .AddInMemoryCollection(configuration.AsEnumerable().Where(pair => !walk.Wrong.Contains(pair.Key))).Build();
        var rules = all.SelectMany(section => section.Faults?.Invoke(readable.GetSection(section.Key)) ?? []).Select(text => StartFault.Of(OptionValue.Told(text)));
        return [.. walk.Faults.Concat(rules).Distinct()];
    }

    private sealed class Walk(IConfigurationRoot configuration, OptionNames root)
    {
        private readonly HashSet<string> judged = new(StringComparer.OrdinalIgnoreCase);

        public List<StartFault> Faults { get; } = [];

        /// <summary>Keys whose values cannot be read.</summary>
        public HashSet<string> Wrong { get; } = new(StringComparer.OrdinalIgnoreCase);

        public void Top(IConfigurationProvider provider)
        {
            // What stands in the environment may be meant for another program, unless it is below a section of ours.
            var isOurs = provider is CommandLineConfigurationProvider or JsonConfigurationProvider;
            foreach (var name in Children(provider, null))
            {
                if (root.Names.TryGetValue(name, out var section))
                {
                    if (isOurs || Children(provider, name).Any())
                        Below(provider, name, section);
                }
                else if (isOurs && judged.Add(name) && !Foreign.Contains(name, StringComparer.OrdinalIgnoreCase) && !ForeignPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
                {
                    Faults.Add(new(name, $"{Name(name)}{Source(provider)} is not an option. {Meant(name, null, root)}"));
                }
            }
        }

        private void Below(IConfigurationProvider provider, string key, OptionNames place)
        {
            var children = Children(provider, key).ToList();
            if (provider.TryGet(key, out var value) && value is { Length: > 0 } && judged.Add(key))
                JudgeValue(key, configuration[key] ?? value, place, Source(Last(key) ?? provider));
            else if (value is "" && children.Count == 0 && place is { Value: { } type } && type != typeof(string) && configuration[key] is "" && judged.Add(key))
                JudgeValue(key, "", place, Source(provider));
            foreach (var name in children)
            {
                var child = $"{key}:{name}";
                if (place.Each is { } each && (!place.IsList || int.TryParse(name, out _)))
                    Below(provider, child, each);
                else if (place.Names.TryGetValue(name, out var known))
                    Below(provider, child, known);
                else if (judged.Add(child))
                    Faults.Add(new(child, Unknown(provider, key, name, place)));
            }
        }

        private string Unknown(IConfigurationProvider provider, string key, string name, OptionNames place)
        {
            var start = $"{Name($"{key}:{name}")}{Source(provider)} is not an option. ";
            if (place.IsList)
                return $"{start}{key} is a list: write {key}:0, {key}:1 and so on.";
            if (place.Value is not null)
                return $"{start}{key} is a single value: write {key}={Example(key, place)}.";
            return start + Meant(name, key, place);
        }

        private void JudgeValue(string key, string value, OptionNames place, string source)
        {
            // Where names stand below, some of them may be of secrets: such a value is not shown.
            var shown = place.Value is null && !place.IsList ? $"{key}{source} has a value; " : $"{key}{source} is {OptionValue.Shown(key, value)}; ";
            var fault = place switch
            {
                { Value: { } type } => OptionValue.Fault(type, value, place.Usual),
                { IsList: true } => $"it is a list: write {key}:0={(OptionValue.IsSecret(key) ? "…" : OptionValue.Shown(key, value).Trim('\''))}.",
                { Each: not null } => $"it holds named values: write {key}:name=….",
                _ => $"it must not have a value of its own: write {key}:{place.Names.Keys.FirstOrDefault() ?? "…"}=….",
            };
            if (fault is null)
                return;
            Wrong.Add(key);
            Faults.Add(new(key, shown + fault));
        }

        /// <summary>The name that was probably meant: one beside it, else one that is called alike anywhere, else all that there are.</summary>
        private string Meant(string name, string? parent, OptionNames place)
        {
            var before = parent is null ? "" : parent + ":";
            if (Nearest.To(name, place.Names.Keys) is { } near)
                return $"Did you mean {before}{near}?";
            var elsewhere = Everywhere(root, "").Where(key => key.EndsWith(":" + name, StringComparison.OrdinalIgnoreCase)).ToList();
            if (elsewhere.Count > 0)
                return $"Did you mean {string.Join(" or ", elsewhere.Take(3))}?";
            return $"{(parent is null ? "There are the sections" : $"{parent} knows")} {string.Join(", ", place.Names.Keys.Order(StringComparer.Ordinal))}.";
        }

        private static IEnumerable<string> Everywhere(OptionNames place, string key) =>
            place.Names.SelectMany(pair => Everywhere(pair.Value, key.Length == 0 ? pair.Key : $"{key}:{pair.Key}").Prepend(key.Length == 0 ? pair.Key : $"{key}:{pair.Key}"));

        private IConfigurationProvider? Last(string key) => configuration.Providers.LastOrDefault(provider => provider.TryGet(key, out _));

        private static string Example(string key, OptionNames place) =>
            OptionValue.IsSecret(key) ? "…" : Convert.ToString(place.Usual, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "…";

        private static string Name(string key) => OptionValue.Shown("", key).Trim('\'');

        public static string Source(IConfigurationProvider provider) => provider switch
        {
            CommandLineConfigurationProvider => " (command line)",
            JsonConfigurationProvider file => $" ({Path.GetFileName(file.Source.Path)})",
            EnvironmentVariablesConfigurationProvider => " (environment)",
            _ => "",
        };

        private static IEnumerable<string> Children(IConfigurationProvider provider, string? key) =>
            provider.GetChildKeys([], key).Distinct(StringComparer.OrdinalIgnoreCase);
    }
}
