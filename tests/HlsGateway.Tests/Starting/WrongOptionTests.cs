using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using HlsGateway.Starting;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Starting;

/// <summary>Each option that there is, with something wrong: found by reflection, so that a new option is held to the same.</summary>
public sealed class WrongOptionTests
{
    private static readonly OptionsSection[] Sections = [.. Program.Compose([$"--contentRoot={Repository.Root}"]).Services
        .Where(service => service.ServiceType == typeof(OptionsSection)).Select(service => (OptionsSection)service.ImplementationInstance!)];

    public static TheoryData<string> Values => [.. All.Where(option => option.Place.Value is not null).Select(option => option.Key)];

    public static TheoryData<string> Keys => [.. All.Select(option => option.Key)];

    [Fact]
    public void All_options_of_the_settings_file_are_known_and_right()
    {
        Assert.True(Values.Count > 60);
        Assert.Empty(ConfigurationCheck.Run(new ConfigurationBuilder().AddJsonFile(Path.Combine(Repository.Root, "appsettings.json")).Build(), Sections));
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void A_value_of_the_wrong_kind_is_one_line_with_key_and_what_is_allowed(string key)
    {
        var type = All.First(option => option.Key == key).Place.Value!;
        // Every text is a text: there it is a name below the option that is wrong.
        var fault = type == typeof(string) ? Fault($"{key}:below", "wrong-text") : Fault(key, "wrong-text");
        Assert.StartsWith(key, fault.Key, StringComparison.Ordinal);
        Assert.StartsWith(key, fault.Text, StringComparison.Ordinal);
        Assert.Contains(type == typeof(string) ? "is a single value" : "it must be", fault.Text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Text);
        if (type != typeof(string)) Assert.Contains("wrong-text", fault.Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_name_with_a_letter_too_many_is_told_the_right_one(string key)
    {
        // A number in a list, or a name of the operator's own, cannot be misspelt.
        if (key.EndsWith(":0", StringComparison.Ordinal)) key = key[..^2];
        var fault = Fault(key + "x", "wrong-text");
        Assert.Contains($"{key}x (command line) is not an option. Did you mean {key}?", fault.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-text", fault.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_beyond_its_bounds_is_one_line_with_key_value_bounds_and_example()
    {
        var bounded = Sections.Where(section => section.Faults is not null).SelectMany(section => section.Type.GetProperties()
            .Select(property => (Key: $"{section.Key}:{property.Name}", Range: property.GetCustomAttribute<RangeAttribute>()))).Where(option => option.Range is not null).ToList();
        Assert.True(bounded.Count > 15);
        Assert.All(bounded, option =>
        {
            var over = option.Range!.OperandType == typeof(TimeSpan) ? "900.00:00:00"
                : (Convert.ToInt64(option.Range.Maximum, CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture);
            Assert.StartsWith($"{option.Key} is {over}; it must be ", Fault(option.Key, over).Text, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("Gateway:Sessions:Lifetime", "24", "write 24.00:00:00 for days, 1.00:00:00 for hours, 00:24:00 for minutes or 00:00:24 for seconds.")]
    [InlineData("Gateway:Sessions:Lifetime", "24:00:00", "hours go up to 23: write 1.00:00:00.")]
    [InlineData("Gateway:Sessions:Lifetime", "01:30", "written hours:minutes:seconds")]
    [InlineData("Gateway:Sessions:Lifetime", "1:2:3:4", "written hours:minutes:seconds")]
    [InlineData("Gateway:Sessions", "24", "it must not have a value of its own: write Gateway:Sessions:Keys=")]
    [InlineData("Gateway:Roles", "worker", "it is a list: write Gateway:Roles:0=worker.")]
    [InlineData("Gateway:Roles:first", "worker", "Gateway:Roles is a list: write Gateway:Roles:0")]
    [InlineData("Gateway:ApiTokens:0:Tokn", "a", "Did you mean Gateway:ApiTokens:0:Token?")]
    [InlineData("Gateway:Lifetime", "1.00:00:00", "Did you mean Gateway:Sessions:Lifetime?")]
    [InlineData("Trailers:Position", "Per", "it must be Post or Pre. Did you mean Pre?")]
    [InlineData("Trailers:Position", "1", "it must be Post or Pre")]
    [InlineData("Trailers:Loudness", "NaN", "it must be a number")]
    [InlineData("Demo:Enabled", "yes", "it must be true or false")]
    [InlineData("Trailers:MaxSeconds", "", "it must be a whole number")]
    [InlineData("Trailrs:Active", "outro", "Did you mean Trailers?")]
    [InlineData("ConnectionStrings:Legder", "Host=x", "Did you mean ConnectionStrings:Ledger?")]
    [InlineData("ReverseProxy:Clusters:origin:Destinatons:d1:Address", "http://a/", "Did you mean ReverseProxy:Clusters:origin:Destinations?")]
    [InlineData("ReverseProxy:Clusters:origin:HealthCheck:Active:Intervall", "00:00:10", "Did you mean ReverseProxy:Clusters:origin:HealthCheck:Active:Interval?")]
    [InlineData("ReverseProxy:Clusters:origin:HttpRequest:ActivityTimeout", "15", "write 15.00:00:00 for days")]
    public void What_would_be_ignored_or_taken_for_something_else_is_told(string key, string value, string expected) =>
        Assert.Contains(expected, Fault(key, value).Text, StringComparison.Ordinal);

    [Theory]
    [InlineData("ReverseProxy:Clusters:origin:HttpClient:SslProtocols:0", "Tls13")]
    [InlineData("ReverseProxy:Clusters:origin:HttpRequest:Version", "2")]
    [InlineData("ReverseProxy:Clusters:origin:Destinations:anything:Metadata:own", "1")]
    [InlineData("ReverseProxy:Routes:own:Match:Path", "/own/{**rest}")]
    [InlineData("Logging:LogLevel:Anything", "Debug")]
    [InlineData("Kestrel:Limits:MaxConcurrentConnections", "10")]
    [InlineData("OTEL_SERVICE_NAME", "gateway")]
    [InlineData("urls", "http://127.0.0.1:0")]
    [InlineData("gateway:sessions:lifetime", "1.00:00:00")]
    [InlineData("Storage:Kind", "s3")]
    public void What_the_framework_and_YARP_know_passes(string key, string value) =>
        Assert.DoesNotContain(Run(Line(key, value)), fault => fault.Key == key);

    [Fact]
    public void All_faults_come_at_once()
    {
        var faults = Run(Line("bogus", "1"), Line("Transcode:Ladder:0", "abc"), Line("Transcode:Concurrency", "0"), Line("Ledger:QueueLimit", "-1"), Line("Ledger:CommitTimeout", "soon"));
        Assert.Equal(["bogus", "Ledger:CommitTimeout", "Ledger:QueueLimit", "Transcode:Concurrency", "Transcode:Ladder:0"], faults.Select(fault => fault.Key).Order(StringComparer.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("Gateway:ApiTokens:0", "hush-hush-hush")]
    [InlineData("Gateway:Sessions:Keys", "hush-hush-hush")]
    [InlineData("Gateway:Sessions:Keys:0", "hush-hush-hush")]
    [InlineData("Gateway:ApiTokens:0:Token", "hush hush")]
    [InlineData("Gateway:Sesions:Keys:0", "hush-hush-hush")]
    [InlineData("Gateway:PublicUrl", "ftp://user:hush@video.example")]
    [InlineData("Storage:S3", "hush-hush-hush")]
    public void A_secret_is_never_part_of_a_line(string key, string value) =>
        Assert.All(Run(Line(key, value)), fault => Assert.DoesNotContain("hush", fault.Text, StringComparison.Ordinal));

    [Fact]
    public void The_environment_is_judged_below_our_sections_alone()
    {
        var names = new Dictionary<string, string?>(StringComparer.Ordinal) { ["HLSX_Trailers__Activ"] = "x", ["HLSX_Demo"] = "another program's", ["HLSX_Trailr__Active"] = "x" };
        foreach (var (name, value) in names) Environment.SetEnvironmentVariable(name, value);
        try
        {
            var faults = ConfigurationCheck.Run(new ConfigurationBuilder().AddEnvironmentVariables("HLSX_").Build(), Sections);
            Assert.Equal(["Trailers:Activ (environment) is not an option. Did you mean Trailers:Active?"], faults.Select(fault => fault.Text));
        }
        finally
        {
            foreach (var name in names.Keys) Environment.SetEnvironmentVariable(name, null);
        }
    }

    [Theory]
    [InlineData("--url", "--url (command line): it is not an option. Did you mean --urls=value?")]
    [InlineData("--urls", "--urls (command line): it has no value: write --urls=value.")]
    [InlineData("--Demo:Enabled", "--Demo:Enabled (command line): it has no value: write --Demo:Enabled=value.")]
    [InlineData("-x=1", "-x (command line): an option begins with two dashes: write --x=1.")]
    [InlineData("worker", "worker (command line): only options follow here: write --worker=value if it is one.")]
    [InlineData("--=1", "--=1 (command line): an option has a name: write --Key=value.")]
    public void A_word_of_the_command_line_that_would_be_skipped_is_told(string word, string expected)
    {
        var (readable, faults) = ArgumentCheck.Run(["--urls=http://127.0.0.1:0", word, "--Trailers:Loudness", "-16", "--Gateway:DataDirectory", "/var/lib/hlsgateway"]);
        Assert.Equal(expected, Assert.Single(faults).Text);
        Assert.Equal(["--urls=http://127.0.0.1:0", "--Trailers:Loudness", "-16", "--Gateway:DataDirectory", "/var/lib/hlsgateway"], readable);
    }

    private static IEnumerable<(string Key, OptionNames Place)> All => Below(OptionNames.Of(Sections.Where(section => section.Faults is not null)), "");

    private static IEnumerable<(string Key, OptionNames Place)> Below(OptionNames place, string key)
    {
        if (place.Value is not null) yield return (key, place);
        if (place.Each is { } each)
        {
            foreach (var found in Below(each, key + ":0")) yield return found;
        }

        foreach (var (name, child) in place.Names)
        {
            foreach (var found in Below(child, key.Length == 0 ? name : $"{key}:{name}")) yield return found;
        }
    }

    // Of an element of a list, its other options are missing too.
    private static StartFault Fault(string key, string value)
    {
        var faults = Run(Line(key, value));
        return faults.FirstOrDefault(fault => fault.Key == key) ?? Assert.Single(faults, fault => key.StartsWith(fault.Key + ":", StringComparison.Ordinal));
    }

    private static string Line(string key, string value) => $"--{key}={value}";

    private static IReadOnlyList<StartFault> Run(params string[] arguments) =>
        ConfigurationCheck.Run(new ConfigurationBuilder().Add(new CommandLineConfigurationSource { Args = arguments }).Build(), Sections);
}
