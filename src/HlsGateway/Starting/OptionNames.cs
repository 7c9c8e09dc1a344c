using System.Collections;
using System.ComponentModel;
using System.Reflection;

namespace HlsGateway.Starting;

/// <summary>
/// Which keys may stand at one place of the configuration: the properties of the types that are read from it, found by reflection, so
/// that no list of names is kept by hand.
/// </summary>
internal sealed class OptionNames
{
    private readonly Dictionary<string, OptionNames> names = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Names below this place; empty for a value, and for a list or dictionary.</summary>
    public IReadOnlyDictionary<string, OptionNames> Names => names;

    /// <summary>What a value here is read as; null where there must be none.</summary>
    public Type? Value { get; private set; }

    /// <summary>Where names are not known beforehand: what stands below each of them.</summary>
    public OptionNames? Each { get; private set; }

    /// <summary>With <see cref="Each"/>: the names are the numbers 0, 1, 2 …</summary>
    public bool IsList { get; private set; }

    /// <summary>The value that holds where nothing is set; null where it is not known.</summary>
    public object? Usual { get; private set; }

    public static OptionNames Of(IEnumerable<OptionsSection> sections)
    {
        var root = new OptionNames();
        foreach (var section in sections)
        {
            var place = root;
            foreach (var name in section.Key.Split(':'))
                place = place.Below(name);
            place.Read(section.Type, null, []);
        }

        return root;
    }

    private OptionNames Below(string name) => names.TryGetValue(name, out var known) ? known : names[name] = new OptionNames();

    private void Read(Type written, object? usual, Type[] within)
    {
        var type = Nullable.GetUnderlyingType(written) ?? written;
        Usual = usual;
        if (type.IsEnum && type.IsDefined(typeof(FlagsAttribute)))
        {
            // YARP reads SslProtocols as a list of names.
            (IsList, Each) = (true, new OptionNames { Value = type });
        }
        else if (TypeDescriptor.GetConverter(type).CanConvertFrom(typeof(string)))
        {
            Value = type;
        }
        else if (ElementOf(type) is { } element)
        {
            Each = new OptionNames();
            IsList = !element.IsByName;
            Each.Read(element.Type, null, within);
        }
        else if (!within.Contains(type))
        {
            // A type that holds itself would have no end.
            var example = usual ?? (type.GetConstructor(Type.EmptyTypes) is null ? null : Activator.CreateInstance(type));
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is { IsPublic: true } && property.GetIndexParameters().Length == 0))
                Below(property.Name).Read(property.PropertyType, example is null ? null : property.GetValue(example), [.. within, type]);
        }
    }

    private static (Type Type, bool IsByName)? ElementOf(Type type)
    {
        if (type.IsArray)
            return (type.GetElementType() ?? typeof(string), false);
        if (!typeof(IEnumerable).IsAssignableFrom(type))
            return null;
        var all = type.GetInterfaces().Append(type).Where(shape => shape.IsGenericType).ToList();
        return all.Find(shape => shape.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>) || shape.GetGenericTypeDefinition() == typeof(IDictionary<,>)) is { } byName
            ? (byName.GenericTypeArguments[1], true)
            : all.Find(shape => shape.GetGenericTypeDefinition() == typeof(IEnumerable<>)) is { } list ? (list.GenericTypeArguments[0], false) : null;
    }
}
