using System.Reflection;
using System.Runtime.CompilerServices;
using HlsGateway.Playlists;

namespace HlsGateway.Tests.Architecture;

/// <summary>What nothing in the product calls is not in the product, but for the few seams that tests need, which this class names.</summary>
public sealed class UnusedTests
{
    /// <summary>Each with what tests see or set there, and could not otherwise.</summary>
    private static readonly Dictionary<string, string> Seams = new(StringComparer.Ordinal)
    {
        ["Playback.PlaylistCache.get_Held"] = "the bytes that the cache believes to hold: its bound",
        ["Database.ChangeNotices.get_Listening"] = "that the connection for notices is open, before a change is made",
        ["Database.ChangeNotices.get_Heard"] = "that a notice came, and not a look at intervals",
        ["Database.ChangeNotices.set_Connecting"] = "a connection that is refused until a test lets it through",
        ["Counting.LiveTail.get_Seen"] = "that a batch was looked at while nobody listens",
        ["Analytics.LedgerReader.set_Opened"] = "the statements that a report runs",
        ["Trailers.PinnedTrailers.set_Patience"] = "no bound that a slow machine would reach",
        ["Content.ContentFacts.set_Patience"] = "no bound that a slow machine would reach",
    };

    [Fact]
    public void What_nothing_calls_is_not_there()
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        Type[] product = [.. typeof(Program).Assembly.GetTypes(), .. typeof(PlaylistTemplate).Assembly.GetTypes()];
        var called = product.SelectMany(type => type.GetMembers(all).OfType<MethodBase>()).SelectMany(Intermediate.Members).Select(member => (member.Module, member.MetadataToken)).ToHashSet();
        var unused = product.Where(type => !IsMade(type)).SelectMany(type => type.GetMethods(all).Where(method => !IsMade(method) && !IsCalledFromOutside(type, method)))
            .Where(method => !called.Contains((method.Module, method.MetadataToken)))
            .Select(method => $"{method.DeclaringType}.{method.Name}".Replace("HlsGateway.", "", StringComparison.Ordinal)).ToArray();
        Assert.Empty(unused.Except(Seams.Keys, StringComparer.Ordinal));
        Assert.Empty(Seams.Keys.Except(unused, StringComparer.Ordinal));
    }

    /// <summary>The compiler's own: of records, closures, state machines and source generators.</summary>
    private static bool IsMade(MemberInfo member) => member.Name.Contains('<', StringComparison.Ordinal) || member.Name.StartsWith("op_", StringComparison.Ordinal)
        || member.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute))
        || (member.IsDefined(typeof(CompilerGeneratedAttribute)) && member is not MethodInfo { IsSpecialName: true });

    /// <summary>Calls that stand in no code of ours: what overrides or fills an interface, and what configuration, JSON, and SQL rows read and write.</summary>
    private static bool IsCalledFromOutside(Type type, MethodInfo method) =>
        method.IsVirtual
        || (method.IsStatic && type.GetInterfaces().Any(face => face.GetMethod(method.Name, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static) is not null))
        || (method.IsSpecialName && type.GetProperty(method.Name[4..]) is { SetMethod.IsPublic: true });
}
