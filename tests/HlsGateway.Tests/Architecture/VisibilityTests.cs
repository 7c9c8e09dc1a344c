using System.Reflection;
using HlsGateway.Playlists;

namespace HlsGateway.Tests.Architecture;

/// <summary>Types are internal unless somebody outside their assembly needs them.</summary>
public sealed class VisibilityTests
{
    [Fact]
    public void The_program_shows_nothing_but_its_entry_point() =>
        Assert.Equal([typeof(Program)], typeof(Program).Assembly.GetExportedTypes());

    [Fact]
    public void The_library_of_playlists_shows_only_what_the_program_uses()
    {
        var library = typeof(PlaylistTemplate).Assembly;
        var used = typeof(Program).Assembly.GetTypes().SelectMany(CompiledUses.Whole).Where(type => type.Assembly == library).ToHashSet();
        // What the program reads from a member whose type it never writes down: `playlist.Segments[0].Line`.
        var reached = used.Concat(library.GetExportedTypes().Where(used.Contains).SelectMany(Shown)).ToHashSet();
        Assert.Empty(library.GetExportedTypes().Where(type => !reached.Contains(type)).Select(type => type.FullName));
    }

    private static IEnumerable<Type> Shown(Type type) => type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
        .SelectMany(member => member switch
        {
            MethodInfo method => method.GetParameters().Select(parameter => parameter.ParameterType).Append(method.ReturnType),
            ConstructorInfo constructor => constructor.GetParameters().Select(parameter => parameter.ParameterType),
            FieldInfo field => [field.FieldType],
            _ => [],
        }).SelectMany(CompiledUses.Parts);
}
