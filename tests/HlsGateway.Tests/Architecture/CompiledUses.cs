using System.Reflection;

namespace HlsGateway.Tests.Architecture;

/// <summary>Which types compiled code names: in fields, parameters, locals and calls.</summary>
internal static class CompiledUses
{
    public static IEnumerable<(Type By, string Type, MemberInfo? Member)> Of(IEnumerable<Type> types)
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        foreach (var type in types)
        {
            foreach (var field in type.GetFields(all)) yield return (type, Name(field.FieldType), field);
            foreach (var method in type.GetMembers(all).OfType<MethodBase>())
            {
                foreach (var parameter in method.GetParameters()) yield return (type, Name(parameter.ParameterType), null);
                foreach (var local in method.GetMethodBody()?.LocalVariables ?? []) yield return (type, Name(local.LocalType), null);
                foreach (var member in Intermediate.Members(method)) yield return (type, Name(member as Type ?? member.DeclaringType), member);
            }
        }
    }

    /// <summary>The type that a person wrote: closures and state machines stand inside it.</summary>
    public static Type Written(Type type) => type.DeclaringType is { } outer ? Written(outer) : type;

    /// <summary>Every type that a type's code cannot be compiled without: what it names, what it inherits, and what stands between angle brackets.</summary>
    public static IEnumerable<Type> Whole(Type type)
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        IEnumerable<Type?> named = [type.BaseType, .. type.GetInterfaces(), .. type.GetFields(all).Select(field => field.FieldType)];
        foreach (var method in type.GetMembers(all).OfType<MethodBase>())
            named = named.Concat(method.GetParameters().Select(parameter => parameter.ParameterType)).Append((method as MethodInfo)?.ReturnType)
                .Concat(method.GetMethodBody()?.LocalVariables.Select(local => local.LocalType) ?? []).Concat(Intermediate.Members(method).SelectMany(OfMember));
        return named.OfType<Type>().SelectMany(Parts).Distinct();
    }

    private static IEnumerable<Type?> OfMember(MemberInfo member) => member switch
    {
        Type type => [type],
        MethodInfo method => [method.DeclaringType, .. method.IsGenericMethod ? method.GetGenericArguments() : []],
        _ => [member.DeclaringType],
    };

    /// <summary>The types that a constructed type is made of, itself among them.</summary>
    public static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!)
        : type.IsGenericParameter ? []
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type)
        : [type];

    private static string Name(Type? type) => type is null ? "" : type.HasElementType ? Name(type.GetElementType()) : $"{type.Namespace}.{type.Name}";
}
