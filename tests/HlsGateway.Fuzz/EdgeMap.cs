using System.Runtime.InteropServices;
using HlsGateway.Fuzz.Targets;
using SharpFuzz.Common;

namespace HlsGateway.Fuzz;

/// <summary>Which steps from one block of code to the next a try took, and how often: AFL's map, that code instrumented by SharpFuzz writes to.</summary>
internal sealed unsafe class EdgeMap
{
    private const int Size = 1 << 16;

    /// <summary>One for the process, for as long as it lives: instrumented code writes there whenever it runs.</summary>
    private static readonly byte* now = (byte*)NativeMemory.AllocZeroed(Size);

    private readonly byte[] seen = new byte[Size];

    /// <summary>Before any instrumented code runs.</summary>
    public static void Attach() => Trace.SharedMem = now;

    /// <summary>Steps that were taken by any try so far.</summary>
    public int Edges { get; private set; }

    /// <summary>Runs the try; what it threw is thrown.</summary>
    public static void Run(Trial trial, byte[] input)
    {
        Clear();
        trial(input);
    }

    /// <summary>Takes over what the last try did. True when it took a step that none took before, or one clearly more often than before.</summary>
    public bool TakeNew()
    {
        var isNew = false;
        var words = new ReadOnlySpan<ulong>(now, Size / 8);
        for (var word = 0; word < words.Length; word++)
        {
            if (words[word] == 0)
                continue;
            for (var at = word * 8; at < (word * 8) + 8; at++)
            {
                if (now[at] == 0)
                    continue;
                var bucket = Bucket(now[at]);
                if ((seen[at] & bucket) != 0)
                    continue;
                if (seen[at] == 0)
                    Edges++;
                seen[at] |= bucket;
                isNew = true;
            }
        }

        return isNew;
    }

    /// <summary>The places of the steps that the last try took.</summary>
    public static int[] Taken()
    {
        var taken = new List<int>();
        for (var at = 0; at < Size; at++)
        {
            if (now[at] != 0)
                taken.Add(at);
        }

        return [.. taken];
    }

    private static void Clear()
    {
        NativeMemory.Clear(now, Size);
        Trace.PrevLocation = 0;
    }

    private static byte Bucket(byte count) => count switch { 1 => 1, 2 => 2, 3 => 4, < 8 => 8, < 16 => 16, < 32 => 32, < 128 => 64, _ => 128 };
}
