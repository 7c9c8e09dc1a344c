using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HlsGateway.Tests.Hosting;

/// <summary>
/// Bytes on the heap of an object and all that it leads to, each object once: counted from the runtime's own tables, so that no
/// collection and no other test changes the figure.
/// </summary>
internal static class HeapSize
{
    /// <param name="without">Not counted, and not gone through.</param>
    public static long Of(object root, params object[] without)
    {
        var seen = new HashSet<object>(without, ReferenceEqualityComparer.Instance) { root };
        var pending = new Stack<object>([root]);
        var bytes = 0L;
        while (pending.TryPop(out var next))
        {
            bytes += SizeOf(next);
            foreach (var child in Children(next))
            {
                // What all of the program shares is nobody's.
                if (child is not (Type or Delegate or Thread or MemberInfo or Assembly) && seen.Add(child))
                    pending.Push(child);
            }
        }

        return bytes;
    }

    /// <summary>The type's table begins with the size of an array's elements (16 bits), and at 4 has the size of an object without them.</summary>
    private static long SizeOf(object item)
    {
        var table = item.GetType().TypeHandle.Value;
        var length = item switch { string text => text.Length, Array array => array.LongLength, _ => 0 };
        var size = Marshal.ReadInt32(table, 4) + (length == 0 ? 0 : length * (ushort)Marshal.ReadInt16(table));
        return (size + 7) & ~7L;
    }

    private static IEnumerable<object> Children(object item)
    {
        if (item is Array array)
        {
            var element = array.GetType().GetElementType()!;
            return HoldsReferences(element) ? array.Cast<object?>().SelectMany(each => each is null ? [] : element.IsValueType ? Fields(each) : [each]) : [];
        }

        return item is string ? [] : Fields(item);
    }

    private static IEnumerable<object> Fields(object holder)
    {
        for (var type = holder.GetType(); type is not null; type = type.BaseType)
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (field.FieldType.IsPointer || !HoldsReferences(field.FieldType) || field.GetValue(holder) is not { } value)
                    continue;
                if (!field.FieldType.IsValueType)
                    yield return value;
                else
                    foreach (var inner in Fields(value))
                        yield return inner;
            }
        }
    }

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<Type, bool> Known = new();

    private static bool HoldsReferences(Type type) => !type.IsValueType || (!type.IsPrimitive && !type.IsEnum && Known.GetOrAdd(type, static each =>
        each.IsByRefLike || (bool)typeof(RuntimeHelpers).GetMethod(nameof(RuntimeHelpers.IsReferenceOrContainsReferences))!.MakeGenericMethod(each).Invoke(null, null)!));
}
