using System.Reflection;
using HlsGateway.Playlists;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Architecture;

/// <summary>The arrows of docs/architecture.md, read from the compiled code.</summary>
public sealed class ArrowTests
{
    [Fact]
    public void Playlists_know_bytes_and_nothing_else()
    {
        var pure = typeof(PlaylistTemplate).Assembly;
        Assert.All(pure.GetReferencedAssemblies(), name => Assert.StartsWith("System.", name.Name, StringComparison.Ordinal));
        string[] outside = ["System.Net.", "System.Threading.Tasks.", "System.TimeProvider", "System.Diagnostics.Stopwatch",
            "System.Environment", "System.Console", "System.Random"];
        AssertNone(pure.GetTypes(), outside);
        // The framework's compressor wants streams; those in memory are bytes.
        Assert.Empty(Uses(pure.GetTypes()).Select(use => use.Type).Where(type => type.StartsWith("System.IO.", StringComparison.Ordinal))
            .Except(["System.IO.Stream", "System.IO.MemoryStream", "System.IO.Compression.DeflateStream", "System.IO.Compression.CompressionLevel", "System.IO.Compression.CompressionMode"]));
        Assert.DoesNotContain(Uses(pure.GetTypes()), use => use.Member is MethodInfo { Name: "get_UtcNow" or "get_Now" });
    }

    [Fact]
    public void Viewers_keep_watching_when_databases_stores_and_jobs_are_down() => AssertNone([.. TypesOf("HlsGateway.Playback"), .. TypesOf("HlsGateway.Playback.Lane")],
        "HlsGateway.Database.", "HlsGateway.Transcoding.", "HlsGateway.Analytics.", "HlsGateway.Studio.",
        "HlsGateway.Storage.DiskStore", "HlsGateway.Storage.S3Store", "System.Data.", "Dapper.", "Microsoft.Data.Sqlite.", "Npgsql.", "Amazon.");

    [Fact]
    public void A_room_uses_those_that_the_table_lets_it_use_and_no_other()
    {
        var table = Table();
        var rooms = Product.Select(RoomOf).Distinct().Where(room => room.Length > 0).Order(StringComparer.Ordinal);
        Assert.Equal(rooms, table.Select(row => row.Room).Order(StringComparer.Ordinal));
        Assert.Empty(
            from type in Product
            let room = RoomOf(type)
            where room.Length > 0
            from used in CompiledUses.Whole(type)
            let other = used.Assembly == type.Assembly ? RoomOf(used) : ""
            where other.Length > 0 && other != room && !table.Single(row => row.Room == room).MayUse.Contains(other)
            select $"{room} uses {other}: {CompiledUses.Written(type).Name} names {CompiledUses.Written(used).Name}");
    }

    [Fact]
    public void No_arrow_of_the_table_leads_down_so_there_is_no_circle()
    {
        var above = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (room, mayUse) in Table())
        {
            Assert.Empty(mayUse.Except(above).Select(other => $"{room} may use {other}, which is not above it"));
            above.Add(room);
        }
    }

    [Fact]
    public void What_stands_in_no_room_uses_none() => Assert.Empty(
        from type in Product
        where CompiledUses.Written(type).Namespace == "HlsGateway"
        from used in CompiledUses.Whole(type)
        where used.Assembly == type.Assembly && RoomOf(used).Length > 0
        select $"{type.Name} names {used.FullName}");

    [Fact]
    public void The_scan_sees_what_a_method_calls()
    {
        // Anti-vacuity: this class calls Assert and reads files of the pure assembly's metadata.
        Assert.Contains(Uses([typeof(ArrowTests)]), use => use.Type == "Xunit.Assert");
    }

    private static Type[] Product { get; } = typeof(Program).Assembly.GetTypes();

    /// <summary>The table of docs/architecture.md, from top to bottom.</summary>
    private static List<(string Room, HashSet<string> MayUse)> Table()
    {
        var rows = File.ReadLines(Path.Combine(Repository.Root, "docs", "architecture.md")).SkipWhile(line => line != "| room | may use |").Skip(2).TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries)).Select(cells => (Room: cells[0], Text: cells.Length > 1 ? cells[1] : "")).ToList();
        return rows.ConvertAll(row => (row.Room, (row.Text == "every room" ? rows.Select(other => other.Room).Where(other => other != row.Room) : row.Text.Split(", ", StringSplitOptions.RemoveEmptyEntries)).ToHashSet(StringComparer.Ordinal)));
    }

    /// <summary>The folder that a type stands in; empty for what is no room's.</summary>
    private static string RoomOf(Type type) => type.Namespace?.Split('.') is ["HlsGateway", var room, ..] ? room : "";

    private static Type[] TypesOf(string space)
    {
        var types = typeof(Program).Assembly.GetTypes().Where(type => type.Namespace == space).ToArray();
        Assert.NotEmpty(types);
        return types;
    }

    private static void AssertNone(IEnumerable<Type> types, params string[] forbidden) => Assert.Empty(
        Uses(types).Where(use => forbidden.Any(prefix => use.Type.StartsWith(prefix, StringComparison.Ordinal)))
            .Select(use => $"{use.By} uses {use.Type}").Distinct(StringComparer.Ordinal));

    private static IEnumerable<(string By, string Type, MemberInfo? Member)> Uses(IEnumerable<Type> types) =>
        CompiledUses.Of(types).Select(use => (use.By.FullName!, use.Type, use.Member));
}
