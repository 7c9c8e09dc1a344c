using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Data.Sqlite;

namespace HlsGateway.Tests.Architecture;

/// <summary>Goal S11: docs/security.md names the lowest version of each part that strangers' bytes reach, with a date; what runs here is no lower.</summary>
public sealed partial class PartFloorTests
{
    [Fact]
    public void No_part_is_older_than_the_floor_that_the_page_of_security_names()
    {
        var floors = File.ReadLines(Path.Combine(Repository.Root, "docs", "security.md")).SkipWhile(line => line != "## Floors").Skip(1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|', StringSplitOptions.TrimEntries)).Skip(1).ToArray();
        Assert.Equal([".NET", "ASP.NET Core (Kestrel)", "FFmpeg", "Npgsql", "SQLite", "YARP"], floors.Select(cells => cells[1]).Order(StringComparer.Ordinal));
        foreach (var cells in floors)
        {
            var (part, floor) = (cells[1], Version.Parse(cells[2]));
            Assert.True(DateOnly.TryParseExact(cells[3], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _), $"{part}: no date");
            Assert.NotEmpty(cells[4]);
            var here = Here(part);
            Assert.True(here >= floor, $"{part} is {here}, the floor is {floor}");
            Figures.Say("S11", $"{part} {here} (floor {floor})");
        }
    }

    private static Version Here(string part) => part switch
    {
        ".NET" => Environment.Version,
        "ASP.NET Core (Kestrel)" => Of(typeof(KestrelServerLimits)),
        "YARP" => Of(typeof(Yarp.ReverseProxy.Configuration.ClusterConfig)),
        "Npgsql" => Of(typeof(Npgsql.NpgsqlConnection)),
        "SQLite" => Sqlite(),
        "FFmpeg" => Ffmpeg(),
        _ => throw new InvalidOperationException($"Nobody knows how to ask {part} for its version."),
    };

    private static Version Of(Type type) => Leading(type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion);

    private static Version Sqlite()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        return Version.Parse(connection.ServerVersion);
    }

    private static Version Ffmpeg()
    {
        using var ffmpeg = Process.Start(new ProcessStartInfo("ffmpeg", ["-version"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var said = ffmpeg.StandardOutput.ReadToEnd();
        ffmpeg.WaitForExit();
        return Leading(said[(said.IndexOf("version ", StringComparison.Ordinal) + "version ".Length)..]);
    }

    private static Version Leading(string text) => Version.Parse(Number().Match(text).Value);

    [GeneratedRegex(@"\d+\.\d+(\.\d+)?", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Number();
}
