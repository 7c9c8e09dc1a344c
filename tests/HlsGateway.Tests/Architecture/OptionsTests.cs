using System.Collections;
using System.Reflection;
using System.Text.Json;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.Configuration;

namespace HlsGateway.Tests.Architecture;

/// <summary>appsettings.json and docs/operations.md name every option there is, with the default the code has.</summary>
public sealed class OptionsTests
{
    private static readonly (string Section, Type Type)[] All = [.. typeof(Program).Assembly.GetTypes()
        .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal))
        .Select(type => (type.GetField("Section")?.GetRawConstantValue() as string ?? "", type)).Where(pair => pair.Item1.Length > 0),
        (GatewayOptions.Section, typeof(HlsGateway.Access.AccessOptions))];

    private static readonly IConfiguration File = new ConfigurationBuilder().AddJsonFile(Path.Combine(Repository.Root, "appsettings.json")).Build();

    [Fact]
    public void The_settings_file_holds_each_option_with_its_default()
    {
        Assert.True(All.Length > 8);
        Assert.All(All, pair =>
        {
            var bound = File.GetSection(pair.Section).Get(pair.Type);
            Assert.NotNull(bound);
            Assert.Equal(JsonSerializer.Serialize(Activator.CreateInstance(pair.Type), pair.Type), JsonSerializer.Serialize(bound, pair.Type));
            Assert.All(Keys(pair.Section, pair.Type), key => Assert.True(File.GetSection(key.Key).Value is not null || key.List, $"appsettings.json lacks {key.Key}"));
        });
    }

    [Fact]
    public void The_operators_table_explains_each_option()
    {
        var table = System.IO.File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));
        Assert.All(All.SelectMany(pair => Keys(pair.Section, pair.Type)), key => Assert.Contains($"`{key.Key}`", table, StringComparison.Ordinal));
    }

    private static IEnumerable<(string Key, bool List)> Keys(string section, Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).SelectMany(property =>
            property.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal)
                ? Keys($"{section}:{property.Name}", property.PropertyType)
                : [($"{section}:{property.Name}", property.PropertyType != typeof(string) && typeof(IEnumerable).IsAssignableFrom(property.PropertyType))]);
}
